"""Proves, on a running system, what a Markdown task tracker promises.

The library below the features: it knows trackers, clusters, drivers, actors, evidence and reports,
and nothing in it imports pytest.
"""
