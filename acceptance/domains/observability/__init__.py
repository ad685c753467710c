"""Metrics, logs, dashboards and alerts."""
