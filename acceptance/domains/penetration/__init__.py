"""Attacks on the application."""
