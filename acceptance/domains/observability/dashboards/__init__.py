"""Dashboards: their queries, their pictures, and what changes when traffic does."""
