"""Checks that no alert fires while visitors use a system in which nothing is wrong."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.alerts.causes import AlertCauses
from acceptance.domains.observability.alerts.visits import LATENCY
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require
from acceptance.waiting import SYSTEM_CLOCK, last_seen

if TYPE_CHECKING:
    from acceptance.domains.observability.alerts.listener import AlertReception
    from acceptance.domains.observability.alerts.visits import Visits
    from acceptance.domains.observability.drivers.prometheus_rules import PrometheusRules

_ALWAYS = "DeadMansSwitch"
_ABOUT = ("endpoint", "instance", "job", "pod")
"""Labels that say what an alert is about."""
_QUIET_SECONDS = 30.0
"""How long visitors use the system while nothing may fire: longer than any short rule waits."""


@dataclass(frozen=True)
class QuietTime:
    """What fired while visitors used the sound system."""

    visits: Visits
    fired: tuple[tuple[tuple[str, str], ...], ...]
    """The labels of the alerts that fired at any time."""
    arrived: tuple[tuple[tuple[str, str], ...], ...]


class SoundSystemWatcher(AlertCauses):
    """Causes nothing, and watches Prometheus and the receiver."""

    def watch_sound_system(self, reception: AlertReception) -> QuietTime:
        """Have visitors use the system, and note what fires and what arrives meanwhile."""
        client = self.rules()
        stop = self.visit_steadily()
        self._await_silence(client)
        fired: set[tuple[tuple[str, str], ...]] = set()
        before = len(self.received(reception).alerts)
        ends = SYSTEM_CLOCK.now() + _QUIET_SECONDS
        while SYSTEM_CLOCK.now() < ends:
            active = client.active_now() or ()
            fired |= {each.labels for each in active if each.state == "firing"}
            SYSTEM_CLOCK.pause(0.5)
        # The end of what fired before may arrive still.
        arrived = {
            each.labels
            for each in self.received(reception).alerts[before:]
            if each.status == "firing"
        }
        found = QuietTime(stop(), tuple(sorted(fired)), tuple(sorted(arrived)))
        kept = {**asdict(found), "visits": found.visits.summary}
        self._keep("What fired on the sound system", pretty(kept))
        return found

    def _await_silence(self, client: PrometheusRules) -> None:
        """Wait until nothing has fired for two intervals, or until the deadline.

        What was disturbed before may fire still. What the suite itself did a moment ago, such as to
        read the Secret with its certificate, fires when it is scraped.
        """
        interval = max((each.interval for each in self.prometheus().targets().targets), default=0)
        noisy = SYSTEM_CLOCK.now()

        def silent() -> float:
            nonlocal noisy
            active = client.active_now()
            if active is None or not {each.name for each in active} <= {_ALWAYS}:
                noisy = SYSTEM_CLOCK.now()
            return SYSTEM_CLOCK.now() - noisy

        last_seen(silent, lambda time: time > 2 * interval, timeout=self._timeouts.recovery)

    def assert_quiet(self, found: QuietTime) -> None:
        """Nothing but the dead man's switch fired or arrived.

        Raises `Unverifiable` if there were no visitors, or they were served so slowly that the
        system was not sound: then an alert about that is right.
        """
        if not found.visits.made:
            raise Unverifiable("No visitor used the system.")
        names = {_name(each) for each in (*found.fired, *found.arrived)}
        if names - {_ALWAYS} == {LATENCY} and found.visits.too_slow:
            raise Unverifiable(found.visits.too_slow)
        always = any(_name(each) == _ALWAYS for each in found.fired)
        require(always, f"{_ALWAYS} does not fire, so no alert would.")
        wrong = [f"{_described(each)} fired" for each in found.fired if _name(each) != _ALWAYS]
        wrong += [f"{_described(each)} arrived" for each in found.arrived if _name(each) != _ALWAYS]
        require(not wrong, f"Nothing is wrong, and {listed(wrong)}.")


def _name(labels: tuple[tuple[str, str], ...]) -> str:
    return dict(labels).get("alertname", "")


def _described(labels: tuple[tuple[str, str], ...]) -> str:
    """Name an alert and what it is about."""
    about = [f"{name} {value}" for name, value in labels if name in _ABOUT]
    return f"{_name(labels)} ({', '.join(about)})" if about else _name(labels)
