from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from acceptance.domains.observability import OnCallInspector, RouteState
from acceptance.domains.observability.alerts.on_call import _labels_of, _written
from acceptance.domains.observability.drivers.alertmanager import (
    RouteTarget,
    quiet_times,
    targets_of,
)
from acceptance.drivers.kubernetes.client import Refused
from acceptance.project import ROOT
from acceptance.runbooks.reader import load_runbook, read_runbook
from acceptance.settings import Timeouts
from tests.domains.observability.alerts.test_judgement import told
from tests.fakes.monitored_cluster import MonitoredCluster
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

ROUTE: dict[str, Any] = {
    "receiver": "rest",
    "repeat_interval": "24h",
    "routes": [
        {"receiver": "security", "matchers": ['category = "security"'], "continue": True},
        {"receiver": "critical", "matchers": ['severity="critical"'], "repeat_interval": "4h"},
        {"receiver": "team", "matchers": ['team =~ "a|b"', "severity != none"]},
    ],
}
CRITICAL = RouteTarget("critical", 14400)


def inspector() -> OnCallInspector:
    """An inspector of a cluster in which nothing is."""
    return OnCallInspector(context_of(SYSTEM, MonitoredCluster([], {}), timeouts=Timeouts()))


@pytest.mark.parametrize(
    ("labels", "targets"),
    [
        ({}, (RouteTarget("rest", 86400),)),
        ({"severity": "critical"}, (CRITICAL,)),
        (
            {"severity": "critical", "category": "security"},
            (RouteTarget("security", 86400), CRITICAL),
        ),
        ({"category": "security"}, (RouteTarget("security", 86400),)),
        ({"team": "a"}, (RouteTarget("team", 86400),)),
        ({"team": "ab"}, (RouteTarget("rest", 86400),)),
        ({"team": "a", "severity": "none"}, (RouteTarget("rest", 86400),)),
    ],
)
def test_an_alert_takes_the_first_route_that_matches(
    labels: dict[str, str], targets: tuple[RouteTarget, ...]
) -> None:
    """And those after one that continues; else its parent's."""
    assert targets_of(ROUTE, labels) == targets


def test_a_matcher_that_cannot_be_read_is_named() -> None:
    """It matches nothing that is known."""
    with pytest.raises(Refused, match="the matcher severity cannot be read"):
        targets_of({"receiver": "a", "routes": [{"matchers": ["severity"]}]}, {})


def test_the_page_of_this_project_is_complete() -> None:
    """And its table of routes can be read."""
    page = load_runbook(ROOT, "docs/operations/on-call.md")
    inspector().assert_complete(page)
    rows = [row for row in page.table("Routes") if len(row) == 3]
    assert (_labels_of(rows[1][0]), _written(rows[1])) == (
        {"severity": "critical", "category": "security"},
        (RouteTarget("security", 86400), CRITICAL),
    )


def test_a_page_without_a_contact_check_is_incomplete() -> None:
    """And so is one that is empty."""
    with pytest.raises(AssertionError, match="has no section Purpose"):
        inspector().assert_complete(read_runbook("page.md", "# Page\n"))


def test_a_route_that_is_not_as_written_is_named() -> None:
    """Another receiver, another repetition, and an alert that no row is about."""
    sound = RouteState(
        written=(("`severity=critical`", (CRITICAL,)),),
        production=((CRITICAL,),),
        actual=((RouteTarget("critical", 4),),),
        deployed="short",
        rules=(("Away", {"severity": "critical"}, (CRITICAL,)),),
    )
    inspector().assert_routes_as_written(sound)
    inspector().assert_every_alert_written(sound)
    with pytest.raises(AssertionError, match=r"critical every 14400 s, and by the routes for prod"):
        inspector().assert_routes_as_written(
            replace(sound, production=((RouteTarget("critical", 28800),),))
        )
    with pytest.raises(AssertionError, match="critical every 4 s, which no variant of the routes"):
        inspector().assert_routes_as_written(replace(sound, deployed=""))
    rule = ("Away", {"severity": "critical"}, (RouteTarget("team", 4),))
    with pytest.raises(AssertionError, match=r"Away goes to team, and by .* to critical"):
        inspector().assert_every_alert_written(replace(sound, rules=(rule,)))
    with pytest.raises(AssertionError, match="does not say where Away goes"):
        inspector().assert_every_alert_written(replace(sound, rules=(("Away", {}, (CRITICAL,)),)))
    with pytest.raises(AssertionError, match="nobody is called in the time night"):
        inspector().assert_routes_as_written(replace(sound, quiet=("night",)))
    with pytest.raises(AssertionError, match="has no table of routes"):
        inspector().assert_routes_as_written(replace(sound, written=()))


def test_a_contact_check_that_does_not_arrive_is_named() -> None:
    """Of each severity at its own receiver, and nowhere else."""
    alert = told("ContactCheck", "", severity="critical")
    with pytest.raises(
        AssertionError, match="critical did not arrive at critical; warning did not"
    ):
        inspector().assert_contacts_reached((alert,))


def test_the_times_at_which_nobody_is_called_are_found_in_every_route() -> None:
    """Those that mute a route, and those outside of which it is mute."""
    child = {"receiver": "b", "active_time_intervals": ["work"]}
    route = {"receiver": "a", "mute_time_intervals": ["night"], "routes": [child]}
    assert quiet_times(route) == ("night", "work")
    assert quiet_times({"receiver": "a", "routes": [{"receiver": "b"}]}) == ()
