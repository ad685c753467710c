"""Reads, checks and runs runbooks: the pages with the commands that operators run."""
