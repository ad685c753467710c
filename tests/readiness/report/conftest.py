from __future__ import annotations

import pytest

from acceptance.readiness.tracker import Tracker
from tests.support.report_sample import team_tracker


@pytest.fixture(scope="module")
def tracker() -> Tracker:
    """The team's tracker."""
    return team_tracker()
