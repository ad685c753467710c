"""Protocols that only the workloads domain speaks."""
