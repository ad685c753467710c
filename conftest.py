"""Loads the plugin, the fixtures and the steps: plain `pytest` proves the tracker."""

pytest_plugins = [
    "fixtures.plugin",
    "fixtures.actors",
    "steps.browser",
    "steps.deployment",
    "steps.secrets",
    "steps.storage",
    "steps.traffic",
]
