"""Metrics: what is scraped, what it counts, and which of it is critical."""
