"""Health endpoints that are probed from outside and inside."""
