"""Traces: from a visit to its spans, and the signals that are declared."""
