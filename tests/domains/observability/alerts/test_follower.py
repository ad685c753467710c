from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.domains.observability import AlertFollower
from acceptance.domains.observability.alerts import follower as module
from acceptance.domains.observability.alerts.cause import Cause
from acceptance.domains.observability.alerts.watch import AlertRow, AlertWatch
from acceptance.domains.observability.drivers.alert_receiver import ReceivedAlert
from acceptance.domains.observability.drivers.prometheus_rules import (
    ActiveAlert,
    PrometheusRules,
    Rule,
)
from acceptance.drivers.kubernetes.client import Refused
from acceptance.waiting import SYSTEM_CLOCK
from tests.fakes.monitored_cluster import MonitoredCluster
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

LABELS = (("alertname", "DatabaseAway"), ("severity", "critical"))
RULE = Rule("DatabaseAway", True, "up == 0", 1, 1, LABELS[1:], (), "ok")  # noqa: FBT003
TABLE = (
    ("alert", "cause", "receivers", "measured"),
    ("DatabaseAway", "it ends", "critical", "0 s"),
)
SERIES = SimpleNamespace(labels=(("pod", "a"),), results=((1.0, 1.0), (2.0, 0.0)))


class Alerting(PrometheusRules):
    """Prometheus and the receiver of one alert, whose steps come with each look at Prometheus."""

    def __init__(self, *steps: str) -> None:
        """Go through `steps`, and stay in the last; `-` is no answer, `.` is nothing that fires."""
        self.steps = [".", *steps]  # the first look is that nothing fires before
        self.told: list[ReceivedAlert] = []
        self.health = ["up"]
        """Of its one target, at each look; the last one stays."""
        self.prometheus = SimpleNamespace(
            history=lambda *_: (SERIES,),
            targets=lambda: SimpleNamespace(targets=(SimpleNamespace(up=self.scraped()),)),
            query=lambda _: SimpleNamespace(samples=("a sample",)),
        )

    def scraped(self) -> bool:
        """Return whether the target was scraped since Prometheus was started."""
        return (self.health.pop(0) if len(self.health) > 1 else self.health[0]) == "up"

    def active(self) -> tuple[ActiveAlert, ...]:
        """Go one step on."""
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if step == "-":
            raise Refused("no answer")
        if step in {"firing", "resolved"}:
            at = SYSTEM_CLOCK.now()
            self.told.append(ReceivedAlert("critical", at, step, LABELS, (), "", len(self.told)))
        return () if step in {".", "resolved"} else (ActiveAlert(LABELS, step),)

    def rules(self) -> Any:  # noqa: ANN401 - a stand-in
        """Return its one rule."""
        return SimpleNamespace(alerts=(RULE,))

    def selectors(self, query: str) -> tuple[str, ...]:
        """Return what its rule selects."""
        return (query.partition(" ")[0],)


def following(
    alerting: Alerting, monkeypatch: pytest.MonkeyPatch, *, meanwhile: int = 0
) -> AlertFollower:
    """A follower of the alert, which waits for a short time only.

    `meanwhile` steps come between the arrival of the alert and the cure.
    """

    def cause(*_: object) -> Cause:
        made = Cause(SYSTEM_CLOCK.now(), {})
        made.cure.callback(SYSTEM_CLOCK.pause, 0.02)
        for _step in range(meanwhile):
            made.cure.callback(alerting.active)
        return made

    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(module, "_LATE_SECONDS", 0.3)
    monkeypatch.setattr(module, "_RESOLVED_SECONDS", 0.5)
    actor: Any = AlertFollower(context_of(SYSTEM, MonitoredCluster([], {})))
    actor.rules = lambda: alerting
    actor.received = lambda _: SimpleNamespace(now=SYSTEM_CLOCK.now(), alerts=tuple(alerting.told))
    actor.cause = cause
    actor.prometheus = lambda: alerting.prometheus
    actor._limit = lambda *_: 0.5
    return actor  # type: ignore[no-any-return]


def test_an_alert_is_followed_on_when_prometheus_does_not_answer_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One answer of many that is missing is no alert that never fired."""
    alerting = Alerting("-", "pending", "-", "-", "firing", "-", "resolved")
    reception: Any = None
    found = following(alerting, monkeypatch).follow_critical_alerts(reception, TABLE)
    assert found[0].pending is not None
    assert found[0].arrived
    assert found[0].resolved is not None
    assert found[0].unanswered == 4


def test_nothing_is_broken_before_every_target_was_scraped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A Prometheus that was started anew does not notice the end of what it has not scraped."""
    alerting = Alerting("pending", "firing", "resolved")
    alerting.health = ["unknown", "unknown", "up"]
    actor: Any = following(alerting, monkeypatch)
    broken: list[int] = []
    cause = actor.cause

    def break_it(*words: object) -> Any:  # noqa: ANN401 - a stand-in
        broken.append(len(alerting.health))
        return cause(*words)

    actor.cause = break_it
    actor.follow_critical_alerts(None, TABLE)
    assert broken == [1]


def test_an_alert_that_never_fired_is_named_with_what_its_rule_has_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Or a person would have to guess, when the cluster is gone."""
    actor = following(Alerting("-", "."), monkeypatch)
    reception: Any = None
    found = actor.follow_critical_alerts(reception, TABLE)
    with pytest.raises(AssertionError, match="never fired it") as caught:
        actor.assert_arrived_at_receivers(found)
    assert "did not say what fires 1 times" in str(caught.value)
    assert "its rule has read {'pod': 'a'} 1 0" in str(caught.value)


def test_an_alert_that_ends_for_a_moment_has_not_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few scrapes that fail are no cure; what counts is that it fires until then."""
    alerting = Alerting("firing", "resolved", "pending", "firing", "resolved")
    reception: Any = None
    actor = following(alerting, monkeypatch, meanwhile=3)
    found = actor.follow_critical_alerts(reception, TABLE)
    assert len(found[0].interrupted) == 1
    assert not found[0].early
    actor.assert_ended_after_cure(found)


def test_an_alert_that_ends_before_its_cure_and_stays_away_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody would know that something is still wrong."""
    actor = following(Alerting("firing", "resolved", "."), monkeypatch, meanwhile=3)
    monkeypatch.setattr("acceptance.domains.observability.alerts.watch.ALLOWED_SECONDS", 0.0)
    reception: Any = None
    with pytest.raises(AssertionError, match="s before its cause was cured"):
        actor.assert_ended_after_cure(actor.follow_critical_alerts(reception, TABLE))


def test_an_alert_that_ended_before_others_came_is_waited_for_again() -> None:
    """Something earlier may have left it; the one of the cause is still to come."""

    def told(status: str, at: float) -> ReceivedAlert:
        return ReceivedAlert("critical", at, status, LABELS, (), "", 0)

    row = AlertRow("DatabaseAway", "it ends", ("critical",), 0)
    watch = AlertWatch(row, Cause(100.0, {}), 0.0, 10.0)
    story = [told("firing", 101.0), told("resolved", 103.0), told("firing", 108.0)]
    seen = []
    for count in range(len(story) + 1):
        watch.see(None, tuple(story[:count]))
        seen.append(watch.known)
    assert seen == [False, True, False, True]
    assert watch.result().interrupted == (3.0,)
