"""What the server in `tests.support.forked` imports once, so that none of its children has to."""

from __future__ import annotations

import gc
import sys
from importlib.metadata import entry_points
from pathlib import Path

# pytest-xdist remembers the path as it is when it is imported, and gives it to its workers; with
# the current folder in it, which is another one in each child, they would find nothing.
sys.path.insert(0, str(Path(__file__).parents[2]))

import acceptance.readiness.report.page
import fixtures.allure_labels
import fixtures.plugin

__all__ = ["acceptance", "fixtures"]

for _plugin in entry_points(group="pytest11"):
    if _plugin.name not in {"locust", "hypothesispytest"}:  # as in addopts
        _plugin.load()
# Compiled once, not in each child.
acceptance.readiness.report.page._ENVIRONMENT.get_template("page.html.j2")
gc.freeze()  # what is here now is never garbage: no child has to look through it
