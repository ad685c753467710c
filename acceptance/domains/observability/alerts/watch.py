"""What was seen of an alert on its way: from its cause to the receiver, and to its end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from acceptance.domains.observability.alerts.rules import CRITICAL, GROUP
from acceptance.waiting import SYSTEM_CLOCK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.domains.observability.alerts.cause import Cause
    from acceptance.domains.observability.drivers.alert_receiver import ReceivedAlert
    from acceptance.domains.observability.drivers.prometheus_rules import ActiveAlert

ALLOWED_SECONDS = 2.0
_READ_SHOWN = 600


@dataclass(frozen=True)
class AlertRow:
    """A critical alert, what causes it, and the receivers that it goes to."""

    alert: str
    """Its name, and its group of routes where it has one: ErrorBudgetBurn read."""
    cause: str
    receivers: tuple[str, ...]
    measured: float
    """How long after the cause its measure changes, in seconds, beside the scrape interval."""


@dataclass(frozen=True)
class FollowedAlert:
    """The times of an alert, in seconds after its cause; None for what did not happen."""

    row: AlertRow
    limit: float
    """In how many seconds it has to arrive."""
    pending: float | None = None
    firing: float | None = None
    arrived: tuple[tuple[str, float], ...] = ()
    """By receiver."""
    cured: float = 0.0
    resolved: float | None = None
    interrupted: tuple[float, ...] = ()
    """When receivers were told that it ended, and later that it fires again: with windows of some
    seconds, a few scrapes that fail are enough for that.
    """
    annotations: tuple[tuple[str, str], ...] = ()
    """As they arrived."""
    unanswered: int = 0
    """How often Prometheus did not say what fires."""
    read: str = ""
    """The samples that its rule has read, of an alert that did not arrive, or ended too early."""

    @property
    def early(self) -> bool:
        """Whether its end was told before the cure."""
        return self.resolved is not None and self.resolved < self.cured - ALLOWED_SECONDS

    @property
    def missing(self) -> list[str]:
        """The receivers at which it did not arrive."""
        return [name for name in self.row.receivers if name not in dict(self.arrived)]


class AlertWatch:
    """What was seen of one alert so far."""

    def __init__(self, row: AlertRow, cause: Cause, offset: float, limit: float) -> None:
        """`offset` is the receiver's clock minus the own one, in seconds."""
        self.row, self.limit = row, limit
        self.cured = 0.0
        self._cause, self._offset = cause, offset
        self._states: dict[str, float] = {}
        self._arrived: dict[str, float] = {}
        self._resolved: dict[str, float] = {}
        self._interrupted: tuple[float, ...] = ()
        self._annotations: tuple[tuple[str, str], ...] = ()
        self._unanswered = 0

    @property
    def known(self) -> bool:
        """Whether every receiver has been told of it, and none that it has ended."""
        return set(self.row.receivers) <= set(self._arrived) - set(self._resolved)

    @property
    def ended(self) -> bool:
        """Whether every receiver at which it arrived was told of its end."""
        return set(self._arrived) <= set(self._resolved)

    def see(
        self, active: tuple[ActiveAlert, ...] | None, received: tuple[ReceivedAlert, ...]
    ) -> None:
        """Note what is new of this alert; `active` is None if Prometheus did not answer."""
        now = SYSTEM_CLOCK.now() - self._cause.since
        self._unanswered += active is None
        for alert in active or ():
            if self._is_own(dict(alert.labels)):
                self._states.setdefault(alert.state, now)
        arrived: dict[str, float] = {}
        resolved: dict[str, float] = {}
        interrupted: list[float] = []
        for each in sorted(received, key=lambda each: each.at):
            at = each.at - self._offset - self._cause.since
            if at < 0 or not self._is_own(dict(each.labels)):
                continue
            self._annotations = each.annotations
            if each.status == "resolved":
                if each.receiver in arrived:  # or else it is the end of an earlier one
                    resolved.setdefault(each.receiver, at)
                continue
            arrived.setdefault(each.receiver, at)
            if each.receiver in resolved:
                interrupted.append(resolved.pop(each.receiver))
        self._arrived, self._resolved, self._interrupted = arrived, resolved, tuple(interrupted)

    def result(self) -> FollowedAlert:
        """Return all that was seen."""
        return replace(
            FollowedAlert(self.row, self.limit),
            pending=self._states.get("pending"),
            firing=self._states.get("firing"),
            arrived=tuple(sorted(self._arrived.items())),
            cured=self.cured,
            resolved=max(self._resolved.values()) if self._resolved and self.ended else None,
            interrupted=self._interrupted,
            annotations=self._annotations,
            unanswered=self._unanswered,
        )

    def _is_own(self, labels: dict[str, str]) -> bool:
        name, _, group = self.row.alert.partition(" ")
        wanted = {"alertname": name, "severity": CRITICAL, **self._cause.labels}
        wanted |= {GROUP: group} if group else {}
        return wanted.items() <= labels.items()


def name_of(row: AlertRow) -> str:
    """Return the name of an alert without its group of routes."""
    return row.alert.partition(" ")[0]


def state_of(each: FollowedAlert) -> str:
    """Say how far an alert has come in Prometheus, and why."""
    if each.firing is not None:
        return f"Prometheus fired it after {each.firing:.1f} s"
    seen = "Prometheus never fired it"
    if each.pending is not None:
        seen = f"it was pending after {each.pending:.1f} s, and never fired"
    if each.unanswered:
        seen += f" (it did not say what fires {each.unanswered} times)"
    return f"{seen}{what_was_read(each)}"


def what_was_read(each: FollowedAlert) -> str:
    """Return the samples that its rule has read, as the end of a sentence; empty if unknown."""
    return f"; its rule has read {each.read[:_READ_SHOWN]}" if each.read else ""


def table_of(found: Sequence[FollowedAlert]) -> str:
    """Return the times as a table that a person can read."""

    def cell(value: float | None) -> str:
        return "-" if value is None else f"{value:.1f}"

    lines = ["seconds after the cause: pending, firing, arrived (limit), cured, resolved"]
    for each in found:
        arrived = max((at for _, at in each.arrived), default=None)
        times = f"{cell(each.pending):>6} {cell(each.firing):>6} {cell(arrived):>6}"
        breaks = ", ".join(f"{at:.1f}" for at in each.interrupted)
        lines.append(
            f"{each.row.alert:<26} {times} ({each.limit:.1f}) {cell(each.cured):>6} "
            f"{cell(each.resolved):>6}  {', '.join(name for name, _ in each.arrived)}"
            + (f"  (interrupted at {breaks})" if breaks else "")
        )
    return "\n".join(lines)
