"""Checks that Alertmanager knows its silences, and what it has sent, after it was killed."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.alerts.sender import MARGIN_SECONDS, MARK, AlertSender
from acceptance.domains.observability.stack.killed_programs import ALERTS
from acceptance.drivers.kubernetes.client import Refused
from acceptance.judgement import Unverifiable, require, unproven
from acceptance.waiting import SYSTEM_CLOCK

if TYPE_CHECKING:
    from acceptance.domains.observability.alerts.listener import AlertReception
    from acceptance.domains.observability.stack.killed_programs import KilledPrograms

_ARRIVED, _SILENCED, _LATER = "Arrived", "Silenced", "Later"
"""The names of the alerts: each is a group of its own, or one would be sent with another."""
_FIRES_SECONDS = 600.0
_WRITTEN_SECONDS = 5.0
"""Alertmanager writes what it has to keep this often (`--data.maintenance-interval`)."""


@dataclass(frozen=True)
class KeptAlerts:
    """An alert that has arrived, and another one that is silenced."""

    mark: str
    silence: str
    arrived: float
    """Unix time by the clock of the run."""


@dataclass(frozen=True)
class AlertsAfterKill:
    """How often alerts were told: what had arrived, what was silenced, and what came afterwards."""

    arrived: int
    """How often what had arrived before was told in all."""
    silenced: int
    """How often what was silenced was told during its silence."""
    later: int
    unsilenced: int
    """How often what was silenced was told after the end of its silence."""


class AlertKeeper(AlertSender):
    """Sends alerts, and the same ones again after Alertmanager was killed, as Prometheus does."""

    def send_alerts(self, reception: AlertReception) -> KeptAlerts:
        """Silence an alert, and send it and another one; wait until that has arrived.

        It is a failed check if nothing can be silenced, or the other one does not arrive.
        """
        mark = uuid.uuid4().hex[:8]
        manager = self.alertmanager()
        try:
            silence = manager.silence({MARK: mark, "alertname": _SILENCED}, _FIRES_SECONDS)
        except Refused as error:
            raise unproven(f"Nothing can be silenced: {error}.", error) from error
        self._undo.callback(manager.end_silence, silence)
        self._undo.callback(self.end, _labels(mark, _ARRIVED, _SILENCED, _LATER))
        self._post(_labels(mark, _ARRIVED, _SILENCED), _FIRES_SECONDS)
        if not self.arrived(reception, mark, 1, alertname=_ARRIVED):
            raise AssertionError("No alert arrives, so none can arrive twice.")
        if self._told(reception, mark, _SILENCED):
            raise AssertionError("The silenced alert arrived before anything was killed.")
        return KeptAlerts(mark, silence, time.time())

    def send_again(
        self, reception: AlertReception, kept: KeptAlerts, killed: KilledPrograms
    ) -> AlertsAfterKill:
        """Send the same alerts and a new one, and end the silence when that has arrived.

        Raises `Unverifiable` if Alertmanager was killed before it can have written what it keeps.
        """
        if any(each.at < kept.arrived + _WRITTEN_SECONDS for each in killed.keeping(ALERTS)):
            raise Unverifiable(
                f"Alertmanager was killed within {_WRITTEN_SECONDS:g} s of what it had to keep."
            )
        self._post(_labels(kept.mark, _ARRIVED, _SILENCED, _LATER), _FIRES_SECONDS)
        later = self.arrived(reception, kept.mark, 1, alertname=_LATER)
        SYSTEM_CLOCK.pause(self.times().wait + MARGIN_SECONDS)
        arrived = self._told(reception, kept.mark, _ARRIVED)
        silenced = self._told(reception, kept.mark, _SILENCED)
        self.alertmanager().end_silence(kept.silence)
        self.arrived(reception, kept.mark, silenced + 1, alertname=_SILENCED)
        after = self._told(reception, kept.mark, _SILENCED) - silenced
        own = [e for e in self.received(reception).alerts if e.label(MARK) == kept.mark]
        self.keep_received("Alerts before and after Alertmanager was killed", tuple(own))
        return AlertsAfterKill(arrived, silenced, len(later), after)

    def assert_alerts_kept(self, found: AlertsAfterKill) -> None:
        """The silence holds until it is ended, and what had arrived is not told again."""
        require(found.later, "No alert arrives after Alertmanager was killed.")
        require(
            found.arrived == 1,
            f"The alert that had arrived was told {found.arrived} times, and once before "
            "Alertmanager was killed.",
        )
        require(not found.silenced, "The silence was lost: the silenced alert arrived.")
        require(found.unsilenced, "The silenced alert did not arrive after the end of its silence.")

    def _told(self, reception: AlertReception, mark: str, name: str) -> int:
        """Return how often the beginning of an alert has arrived."""
        return sum(
            (each.label(MARK), each.name, each.status) == (mark, name, "firing")
            for each in self.received(reception).alerts
        )


def _labels(mark: str, *names: str) -> list[dict[str, str]]:
    return [{MARK: mark, "severity": "critical", "alertname": name} for name in names]
