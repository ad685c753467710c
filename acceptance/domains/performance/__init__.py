"""Load, and the performance that is required."""
