"""Speak one protocol each and return frozen facts; none of them judges."""
