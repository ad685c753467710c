"""Whether visitors were served so slowly that an alert about it is right."""

from __future__ import annotations

from acceptance.domains.observability.alerts.visits import Visits
from tests.support.visits import visits


def test_visitors_that_were_served_soon_had_no_slow_machine() -> None:
    """Nor had those of whom one in a hundred waited, or nobody."""
    assert Visits().too_slow == ""
    assert visits(200, 0).too_slow == ""
    assert visits(200, 2).too_slow == ""


def test_each_kind_of_request_is_looked_at_by_itself() -> None:
    """Its alert does not see that the others were quick."""
    both = Visits((*visits(200, 0).made, *visits(200, 3, changing=True).made))
    assert both.too_slow.startswith("3 of 200 requests of visitors to change something took longer")


def test_slow_requests_of_a_short_time_are_seen_in_a_long_one() -> None:
    """The alert looks at 45 seconds, whatever was before and after."""
    late = Visits((*visits(1000, 4).made, *visits(1000, 0, begin=200.0).made))
    assert "4 of 226 requests of visitors to read" in late.too_slow


def test_a_single_slow_request_at_the_end_is_one_of_a_whole_window() -> None:
    """A window of a few requests would take every slow one for a slow machine."""
    assert visits(1000, 1).too_slow == ""
    assert visits(1000, 2).too_slow == ""
    assert visits(1000, 3).too_slow != ""


def test_a_summary_says_how_visitors_fared() -> None:
    """For the evidence: all requests and the slow ones."""
    assert visits(90, 9).summary == "90 requests, 9 longer than 0.3 s"
