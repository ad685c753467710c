"""Reads the tracker, decides the verdicts, and writes the reports."""
