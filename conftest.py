"""Loads the plugin, the fixtures and the steps: plain `pytest` proves the tracker."""

pytest_plugins = [
    "pytester",  # for the tests of the suite itself
    "fixtures.plugin",
    "fixtures.actors",
    "fixtures.allure_labels",
    "steps.browser",
    "steps.deployment",
    "steps.secrets",
    "steps.storage",
    "steps.traffic",
]
