"""Measures speed and size against their targets, as ratios where possible."""
