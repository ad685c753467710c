"""Protocols that only this domain speaks."""
