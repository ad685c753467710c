from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

import pytest

from acceptance.actor import Actor
from acceptance.domains.observability import (
    AlertFollower,
    AlertRouter,
    CutWay,
    DeadMansSwitchTester,
    FollowedAlert,
    GroupedAlerts,
    InhibitedAlert,
    InhibitionTester,
    QuietTime,
    SilencedAlert,
    SoundSystemWatcher,
)
from acceptance.domains.observability.alerts.inhibition import _batches, _Pair
from acceptance.domains.observability.alerts.watch import AlertRow
from acceptance.domains.observability.drivers.alert_receiver import ReceivedAlert
from acceptance.judgement import Unverifiable
from acceptance.settings import Timeouts
from tests.fakes.monitored_cluster import MonitoredCluster
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of
from tests.support.visits import visits

ROW = AlertRow("DatabaseAway", "the database does not run", ("critical",), 0)
FOLLOWED = FollowedAlert(
    ROW, 12, pending=4, firing=9, arrived=(("critical", 10.5),), cured=20, resolved=26
)
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


A = TypeVar("A", bound=Actor)


def acting(kind: type[A]) -> A:
    """An actor of a cluster in which nothing is."""
    return kind(context_of(SYSTEM, MonitoredCluster([], {}), timeouts=Timeouts()))


def told(alert: str, user: str, *, number: int = 0, **labels: str) -> ReceivedAlert:
    """An alert that arrived at the security team."""
    own = {"alertname": alert, "user": user, **labels}
    said = {"description": f"The API server refused 60.2 requests of {user}."}
    return ReceivedAlert(
        "security",
        1.0,
        "firing",
        tuple(sorted(own.items())),
        tuple(said.items()),
        NOW.isoformat(),
        number,
    )


def check_followed(followed: FollowedAlert) -> None:
    """Judge what the scenario judges of one alert."""
    actor = acting(AlertFollower)
    actor.assert_arrived_at_receivers([followed])
    actor.assert_arrived_in_time([followed])
    actor.assert_ended_after_cure([followed])


def test_an_alert_that_arrives_in_time_and_ends_passes() -> None:
    """It goes to its receiver only, and ends after the cure."""
    check_followed(FOLLOWED)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"arrived": ()}, "did not arrive at critical: Prometheus fired it after 9.0 s"),
        ({"arrived": (), "firing": None}, "it was pending after 4.0 s, and never fired"),
        ({"arrived": (), "firing": None, "pending": None}, "Prometheus never fired it"),
        ({"arrived": (("critical", 9), ("warning", 9))}, "arrived at warning as well"),
        ({"arrived": (("warning", 9),)}, "did not arrive at critical"),
        ({"arrived": (("critical", 12.1),)}, "arrived after 12.1 s, not within 12.0 s"),
        ({"resolved": None}, "no receiver was told that it ended"),
        ({"resolved": 15}, r"ended 5\.0 s before its cause was cured"),
        ({"resolved": 15, "read": "up 1 0"}, "cured; its rule has read up 1 0"),
    ],
)
def test_an_alert_that_goes_wrong_is_named(changed: dict[str, object], said: str) -> None:
    """Nowhere, somewhere else, too late, without an end or with an early one."""
    with pytest.raises(AssertionError, match=said):
        check_followed(replace(FOLLOWED, **changed))  # type: ignore[arg-type]


def test_no_followed_alert_proves_nothing() -> None:
    """An empty table is a failed check."""
    actor = acting(AlertFollower)
    for check in (actor.assert_arrived_at_receivers, actor.assert_ended_after_cure):
        with pytest.raises(AssertionError, match="No alert was followed"):
            check([])


def test_alerts_of_a_group_have_to_arrive_together() -> None:
    """In one notification, and all of them."""
    actor = acting(AlertRouter)
    one = [told("Grouped", "", pod=str(n)) for n in range(3)]
    actor.assert_one_notification(GroupedAlerts(3, tuple(one)))
    with pytest.raises(AssertionError, match="3 alerts were sent, and 2 arrived"):
        actor.assert_one_notification(GroupedAlerts(3, tuple(one[1:])))
    with pytest.raises(AssertionError, match="in 2 notifications"):
        actor.assert_one_notification(
            GroupedAlerts(3, (*one[1:], told("G", "", number=1, pod="0")))
        )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (InhibitedAlert("A", "B", during=True, beside=True, after=True), "B arrived although A"),
        (InhibitedAlert("A", "B", during=False, beside=False, after=True), "nothing to do with A"),
        (InhibitedAlert("A", "B", during=False, beside=True, after=False), "did not arrive after"),
    ],
)
def test_an_inhibition_has_to_hold_and_to_end(found: InhibitedAlert, said: str) -> None:
    """It keeps one alert quiet, for as long as another fires."""
    acting(InhibitionTester).assert_inhibited(
        [replace(found, during=False, beside=True, after=True)]
    )
    with pytest.raises(AssertionError, match=said):
        acting(InhibitionTester).assert_inhibited([found])


def test_rows_that_inhibit_each_other_are_tried_apart() -> None:
    """What one row has as its cause is another one's target."""
    rows = [
        _Pair({"alertname": source}, {"alertname": target}, "m")
        for source, target in (("A", "B"), ("A", "C"), ("B", "C"), ("A", "D"), ("Z", "A"))
    ]
    assert [[row.target["alertname"] for row in batch] for batch in _batches(rows)] == [
        ["B", "D"],
        ["C"],
        ["C"],
        ["A"],
    ]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (SilencedAlert(during=True, beside=True, after=True), "The silenced alert arrived"),
        (SilencedAlert(during=False, beside=False, after=True), "was silent as well"),
        (SilencedAlert(during=False, beside=True, after=False), "did not arrive after its silence"),
    ],
)
def test_a_silence_has_to_hold_and_to_end(found: SilencedAlert, said: str) -> None:
    """It keeps one alert quiet, until it ends."""
    actor = acting(AlertRouter)
    actor.assert_silence_holds(SilencedAlert(during=False, beside=True, after=True))
    with pytest.raises(AssertionError, match=said):
        actor.assert_silence_holds(found)


def labels(name: str, **others: str) -> tuple[tuple[str, str], ...]:
    """The labels of an alert."""
    return tuple(sorted({"alertname": name, **others}.items()))


def test_a_sound_system_is_quiet() -> None:
    """But for the dead man's switch, which has to fire; without visitors nothing is known."""
    actor = acting(SoundSystemWatcher)
    always, slow = labels("DeadMansSwitch"), labels("LatencyBudgetBurn")
    down = labels("TargetDown", job="node", instance="10.0.0.1:9100", severity="critical")
    actor.assert_quiet(QuietTime(visits(90, 9), (always,), (always,)))
    said = r"TargetDown \(instance 10.0.0.1:9100, job node\) fired; TargetDown \(.*\) arrived"
    with pytest.raises(AssertionError, match=said):
        actor.assert_quiet(QuietTime(visits(90, 9), (always, down), (down,)))
    with pytest.raises(AssertionError, match="DeadMansSwitch does not fire"):
        actor.assert_quiet(QuietTime(visits(90, 9), (), ()))
    burning = (always, slow)
    with pytest.raises(Unverifiable, match=r"9 of 90 requests of visitors to read something took"):
        actor.assert_quiet(QuietTime(visits(90, 9), burning, burning))
    with pytest.raises(AssertionError, match="LatencyBudgetBurn fired"):
        actor.assert_quiet(QuietTime(visits(900, 2), burning, ()))
    with pytest.raises(Unverifiable, match="No visitor"):
        actor.assert_quiet(QuietTime(visits(0, 0), (always,), ()))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"told": None}, "Nobody was told that it is cut"),
        ({"last_sign": 8.0, "told": 12}, "8.0 s after it is cut, there was a sign of life still"),
        ({"told": 13.5}, "told 10.5 s after the last sign of life"),
        ({"next_sign": None}, "nothing is heard"),
    ],
)
def test_the_dead_mans_switch_has_to_be_missed_in_time(
    changed: dict[str, object], said: str
) -> None:
    """By somebody outside, and heard again afterwards."""
    sound = CutWay("it is cut", 5, last_sign=3, told=10.5, next_sign=40)

    def check(cut: CutWay) -> None:
        actor = acting(DeadMansSwitchTester)
        actor.assert_told_in_time(cut)
        actor.assert_heard_again(cut)

    check(sound)
    with pytest.raises(AssertionError, match=said):
        check(replace(sound, **changed))  # type: ignore[arg-type]
