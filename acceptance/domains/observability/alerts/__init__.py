"""Alerts: rules, causes, routes, receivers, and the pages that say what to do."""
