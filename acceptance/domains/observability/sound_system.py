"""Checks that no alert fires while visitors use a system in which nothing is wrong."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.alert_causes import SLOW_SECONDS, AlertCauses
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require
from acceptance.waiting import SYSTEM_CLOCK, last_seen

if TYPE_CHECKING:
    from acceptance.domains.observability.alert_causes import Visits
    from acceptance.domains.observability.alert_listener import AlertReception

_ALWAYS = "DeadMansSwitch"
_LATENCY, _SLOW_SHARE = "LatencyBudgetBurn", 0.01
"""The alert about slow requests, and the share that the service level allows."""
_QUIET_SECONDS = 30.0
"""How long visitors use the system while nothing may fire: longer than any short rule waits."""


@dataclass(frozen=True)
class QuietTime:
    """What fired while visitors used the sound system."""

    visits: Visits
    fired: tuple[str, ...]
    """The names of the alerts that fired at any time."""
    arrived: tuple[str, ...]


class SoundSystemWatcher(AlertCauses):
    """Causes nothing, and watches Prometheus and the receiver."""

    def watch_sound_system(self, reception: AlertReception) -> QuietTime:
        """Have visitors use the system, and note what fires and what arrives meanwhile."""
        client = self.rules()
        stop = self.visit_steadily()
        # What the scenario before has disturbed may fire still.
        last_seen(
            lambda: {each.name for each in client.active() if each.state == "firing"},
            lambda firing: firing <= {_ALWAYS},
            timeout=self._timeouts.recovery,
        )
        fired: set[str] = set()
        before = len(self.received(reception).alerts)
        ends = SYSTEM_CLOCK.now() + _QUIET_SECONDS
        while SYSTEM_CLOCK.now() < ends:
            fired |= {each.name for each in client.active() if each.state == "firing"}
            SYSTEM_CLOCK.pause(0.5)
        arrived = self.received(reception).alerts[before:]
        # The end of what fired before may arrive still.
        names = {each.name for each in arrived if each.status == "firing"}
        found = QuietTime(stop(), tuple(sorted(fired)), tuple(sorted(names)))
        self._keep("What fired on the sound system", pretty(asdict(found)))
        return found

    def assert_quiet(self, found: QuietTime) -> None:
        """Nothing but the dead man's switch fired or arrived.

        Raises `Unverifiable` if there were no visitors, or they were served so slowly that the
        system was not sound: then an alert about that is right.
        """
        if not found.visits.requests:
            raise Unverifiable("No visitor used the system.")
        fired = {*found.fired, *found.arrived} - {_ALWAYS}
        if fired == {_LATENCY} and found.visits.slow > _SLOW_SHARE * found.visits.requests:
            raise Unverifiable(
                f"{found.visits.slow} of {found.visits.requests} requests of visitors took longer "
                f"than {SLOW_SECONDS:g} s, so the machine was too slow for a sound system."
            )
        require(_ALWAYS in found.fired, f"{_ALWAYS} does not fire, so no alert would.")
        wrong = [f"{name} fired" for name in found.fired if name != _ALWAYS]
        wrong += [f"{name} arrived" for name in found.arrived if name != _ALWAYS]
        require(not wrong, f"Nothing is wrong, and {listed(wrong)}.")
