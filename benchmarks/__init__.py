"""Measures what is promised about speed and size, as ratios where it can be."""
