"""Sends alerts to Alertmanager, as Prometheus does, and looks at which of them arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.observability.alerts.listener import OWN_ALERTS, AlertListener
from acceptance.domains.observability.alerts.rules import CRITICAL
from acceptance.drivers.kubernetes.client import Refused
from acceptance.judgement import unproven
from acceptance.waiting import last_seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.domains.observability.alerts.listener import AlertReception
    from acceptance.domains.observability.drivers.alert_receiver import ReceivedAlert
    from acceptance.domains.observability.drivers.alertmanager import RouteTimes

MARK = OWN_ALERTS
"""The label by which the suite knows its own alerts."""
FIRES_SECONDS = 60.0
MARGIN_SECONDS = 2.0


class AlertSender(AlertListener):
    """Sends alerts of its own, which end when the scenario does."""

    def send(self, labels: Sequence[dict[str, str]]) -> None:
        """Send an alert for each of `labels`; a failed check if Alertmanager takes none."""
        self._undo.callback(self.end, labels)
        self._post(labels, FIRES_SECONDS)

    def end(self, labels: Sequence[dict[str, str]]) -> None:
        """End the alerts with these labels."""
        self._post(labels, 0.0)

    def _post(self, labels: Sequence[dict[str, str]], seconds: float) -> None:
        try:
            self.alertmanager().send(labels, seconds)
        except Refused as error:
            raise unproven(f"No alert can be sent: {error}.", error) from error

    def times(self) -> RouteTimes:
        """Return how long critical alerts are gathered; a failed check if they go nowhere."""
        try:
            return self.alertmanager().times(CRITICAL)
        except Refused as error:
            raise unproven(f"Critical alerts go nowhere: {error}.", error) from error

    def arrived(
        self, reception: AlertReception, mark: str, count: int, **labels: str
    ) -> tuple[ReceivedAlert, ...]:
        """Return the alerts with a mark and these labels, once `count` have arrived or too late."""

        def look() -> tuple[ReceivedAlert, ...]:
            return tuple(
                each
                for each in self.received(reception).alerts
                if each.status == "firing"
                and {MARK: mark, **labels}.items() <= dict(each.labels).items()
            )

        times = self.times()
        limit = times.wait + times.interval + self._timeouts.request
        return last_seen(look, lambda found: len(found) >= count, timeout=limit)
