"""Logs: from a line that a container writes to the entry that is found."""
