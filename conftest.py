"""Loads the plugin, the fixtures and the steps: plain `pytest` proves the tracker."""

from pathlib import Path

_STEPS = Path(__file__).with_name("steps").glob("[!_]*.py")

pytest_plugins = [
    "pytester",  # for the tests of the suite itself
    "fixtures.plugin",
    "fixtures.system",
    "fixtures.actors",
    "fixtures.allure_labels",
    *sorted(f"steps.{path.stem}" for path in _STEPS),
]
