"""Reads, checks and runs written procedures."""
