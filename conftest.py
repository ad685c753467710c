"""Loads the plugin, the fixtures and the steps: plain `pytest` proves the tracker."""

pytest_plugins = [
    "pytester",  # for the tests of the suite itself
    "fixtures.plugin",
    "fixtures.actors",
    "fixtures.allure_labels",
    "steps.access",
    "steps.alerting",
    "steps.attack",
    "steps.browser",
    "steps.compliance",
    "steps.confinement",
    "steps.deployment",
    "steps.documentation",
    "steps.encryption",
    "steps.incident",
    "steps.network",
    "steps.operations",
    "steps.pipeline",
    "steps.quality",
    "steps.review",
    "steps.rotation",
    "steps.secrets",
    "steps.storage",
    "steps.threats",
    "steps.traffic",
]
