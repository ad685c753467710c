"""Checks that Alertmanager gathers alerts, and that a silence holds."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.alerts.sender import (
    FIRES_SECONDS,
    MARGIN_SECONDS,
    MARK,
    AlertSender,
)
from acceptance.drivers.kubernetes.client import Refused
from acceptance.judgement import require, unproven
from acceptance.waiting import SYSTEM_CLOCK

if TYPE_CHECKING:
    from acceptance.domains.observability.alerts.listener import AlertReception
    from acceptance.domains.observability.drivers.alert_receiver import ReceivedAlert

_GROUPED = 3


@dataclass(frozen=True)
class GroupedAlerts:
    """Alerts of one group that were sent at once, and what arrived of them."""

    sent: int
    arrived: tuple[ReceivedAlert, ...]


@dataclass(frozen=True)
class SilencedAlert:
    """Whether an alert arrived while it was silenced, and after the silence."""

    during: bool
    beside: bool
    """Whether the same alert of another pod arrived meanwhile."""
    after: bool


class AlertRouter(AlertSender):
    """Sends alerts of one group, and one that is silenced."""

    def send_group(self, reception: AlertReception) -> GroupedAlerts:
        """Send critical alerts of one name and namespace at once."""
        mark = uuid.uuid4().hex[:8]
        self.send(
            [
                self._labels(mark, alertname="Grouped", namespace=mark, pod=f"pod-{number}")
                for number in range(_GROUPED)
            ]
        )
        arrived = self.arrived(reception, mark, _GROUPED)
        self.keep_received("Alerts of one group", arrived)
        return GroupedAlerts(_GROUPED, arrived)

    def assert_one_notification(self, found: GroupedAlerts) -> None:
        """The alerts arrived all, in one notification."""
        pods = {each.label("pod") for each in found.arrived}
        require(len(pods) == found.sent, f"{found.sent} alerts were sent, and {len(pods)} arrived.")
        notifications = {each.notification for each in found.arrived}
        require(
            len(notifications) == 1,
            f"{found.sent} alerts of one group arrived in {len(notifications)} notifications.",
        )

    def try_silence(self, reception: AlertReception) -> SilencedAlert:
        """Silence the alert of one pod, send it and that of another pod, and end the silence."""
        mark = uuid.uuid4().hex[:8]
        both = [self._labels(mark, alertname="Silenced", pod=pod) for pod in ("one", "other")]
        manager = self.alertmanager()
        try:
            silence = manager.silence({MARK: mark, "pod": "one"}, FIRES_SECONDS)
        except Refused as error:
            raise unproven(f"Nothing can be silenced: {error}.", error) from error
        self._undo.callback(manager.end_silence, silence)
        self.send(both)
        self.arrived(reception, mark, 1, pod="other")
        SYSTEM_CLOCK.pause(self.times().wait + MARGIN_SECONDS)
        during = [each for each in self.received(reception).alerts if each.label(MARK) == mark]
        manager.end_silence(silence)
        after = self.arrived(reception, mark, 1, pod="one")
        pods = {each.label("pod") for each in during}
        return SilencedAlert("one" in pods, "other" in pods, bool(after))

    def assert_silence_holds(self, found: SilencedAlert) -> None:
        """The silenced alert was quiet until the silence ended, and the other one was not."""
        require(found.beside, "The alert of another pod was silent as well.")
        require(not found.during, "The silenced alert arrived.")
        require(found.after, "The alert did not arrive after its silence.")

    def _labels(self, mark: str, **labels: str) -> dict[str, str]:
        return {MARK: mark, "severity": "critical", **labels}
