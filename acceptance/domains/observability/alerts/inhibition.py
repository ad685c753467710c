"""Checks that what a known cause makes fail is quiet, as long as the alert of the cause fires."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.alerts.inhibition_rules import (
    ENDPOINT,
    known_alerts,
    read_inhibitions,
    unexpected,
)
from acceptance.domains.observability.alerts.sender import MARGIN_SECONDS, MARK, AlertSender
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.judgement import listed, require, require_each, unproven
from acceptance.waiting import SYSTEM_CLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from acceptance.domains.observability.alerts.listener import AlertReception
    from acceptance.domains.observability.drivers.alert_receiver import ReceivedAlert


@dataclass(frozen=True)
class InhibitedAlert:
    """Whether an alert arrived while another one fired, and after that one had ended."""

    source: str
    target: str
    during: bool
    """Whether it arrived while the other one fired."""
    beside: bool
    """Whether an alert that nothing inhibits arrived meanwhile."""
    after: bool


@dataclass(frozen=True)
class UninhibitedAlert:
    """Whether an alert arrived although another one fired."""

    source: str
    target: str
    arrived: bool


class InhibitionTester(AlertSender):
    """Sends an alert and one that it has to keep quiet, and ends the first."""

    def try_inhibitions(
        self, reception: AlertReception, table: Sequence[Sequence[str]]
    ) -> tuple[InhibitedAlert, ...]:
        """For each row, send both alerts, and then end the first.

        `table` has a head and two columns: the labels of an alert that fires, and of one that has
        to be quiet meanwhile, such as `alertname=SiteUnreachable, endpoint=API`.
        """
        rows = _pairs(table)
        found = [each for batch in _batches(rows) for each in self._inhibit(reception, batch)]
        self._keep("Inhibited alerts", pretty([asdict(each) for each in found]))
        return tuple(found)

    def assert_inhibited(self, found: Sequence[InhibitedAlert]) -> None:
        """Each alert was quiet while its cause fired, and others were not."""

        def fault(each: InhibitedAlert) -> str | None:
            if each.during:
                return f"{each.target} arrived although {each.source} fires"
            if not each.beside:
                return f"an alert that has nothing to do with {each.source} did not arrive"
            return None if each.after else f"{each.target} did not arrive after {each.source} ended"

        require_each(found, fault, nothing="No inhibition was tried.")

    def try_others(
        self, reception: AlertReception, table: Sequence[Sequence[str]]
    ) -> tuple[UninhibitedAlert, ...]:
        """For each row, send both alerts, and look whether the second arrives beside the first.

        `table` is as that of `try_inhibitions`.
        """
        rows = _pairs(table)
        found = []
        for batch in _batches(rows):
            self.send([row.full(row.source) for row in batch])
            self.send([row.full(row.target) for row in batch])
            found += [
                UninhibitedAlert(
                    _name(row.source),
                    _name(row.target),
                    arrived=bool(self.arrived(reception, row.mark, 1, **row.target)),
                )
                for row in batch
            ]
            self.end([row.full(each) for row in batch for each in (row.source, row.target)])
        self._keep("Alerts that nothing inhibits", pretty([asdict(each) for each in found]))
        return tuple(found)

    def assert_uninhibited(self, found: Sequence[UninhibitedAlert]) -> None:
        """Each alert arrived although another one fires that has nothing to do with it."""
        require_each(
            found,
            lambda each: None if each.arrived else f"{each.source} keeps {each.target} quiet",
            nothing="No alert was tried.",
        )

    def assert_no_others(self, table: Sequence[Sequence[str]]) -> None:
        """By Alertmanager's configuration, no alert may keep one quiet that the table lacks.

        All alerts of Prometheus are compared with each other. It is a failed check if Alertmanager
        does not return its configuration.
        """
        try:
            inhibitions = read_inhibitions(self.alertmanager().configuration())
        except Refused as error:
            raise unproven(f"It is unknown what is inhibited: {error}.", error) from error
        targets = self.prometheus().targets().targets
        endpoints = sorted({each.label(ENDPOINT) for each in targets} - {""})
        alerts = list(known_alerts(self.rules().rules().alerts, endpoints))
        require(alerts, "Prometheus has no alert rule.")
        rows = [(_labels_of(first), _labels_of(second)) for first, second in table[1:]]
        faults = unexpected(inhibitions, alerts, rows)
        self._keep("Inhibitions that no row says", "\n".join(faults) or "none", "text")
        require(not faults, listed(faults))

    def _inhibit(self, reception: AlertReception, rows: Sequence[_Pair]) -> list[InhibitedAlert]:
        """Send the alerts of some rows at once, which do not inhibit each other."""
        for row in rows:
            self.send([row.full(row.source)])
            self.send([row.full(row.target), row.full({"alertname": "Beside"})])
        for row in rows:
            self.arrived(reception, row.mark, 1, alertname="Beside")
        SYSTEM_CLOCK.pause(self.times().wait + MARGIN_SECONDS)
        during = self.received(reception).alerts
        self.end([row.full(row.source) for row in rows])
        found = [
            InhibitedAlert(
                row.source["alertname"],
                " ".join(row.target.values()),
                during=bool(_of(during, row.mark, row.target)),
                beside=bool(_of(during, row.mark, {"alertname": "Beside"})),
                after=bool(self.arrived(reception, row.mark, 1, **row.target)),
            )
            for row in rows
        ]
        self.end([row.full(row.target) for row in rows])
        return found


@dataclass(frozen=True)
class _Pair:
    """An alert that inhibits, and one that has to be quiet meanwhile, by their labels."""

    source: dict[str, str]
    target: dict[str, str]
    mark: str

    def full(self, labels: dict[str, str]) -> dict[str, str]:
        """Return the labels of an alert of this pair, which is in no group of another pair."""
        return {MARK: self.mark, "severity": "critical", "namespace": self.mark, **labels}


def _pairs(table: Sequence[Sequence[str]]) -> list[_Pair]:
    return [
        _Pair(_labels_of(source), _labels_of(target), uuid.uuid4().hex[:8])
        for source, target in table[1:]
    ]


def _name(labels: dict[str, str]) -> str:
    return " ".join(labels.values())


def _batches(rows: Sequence[_Pair]) -> list[list[_Pair]]:
    """Return the rows in batches of one source each, whose targets do not inhibit each other.

    Sources have no namespace in the rules, so that they inhibit what other rows send too.
    """
    inhibits = {(row.source["alertname"], row.target["alertname"]) for row in rows}
    batches: list[list[_Pair]] = []

    def fits(row: _Pair, other: _Pair) -> bool:
        one, two = row.target["alertname"], other.target["alertname"]
        return row.source == other.source and not {(one, two), (two, one)} & inhibits

    for row in rows:
        batch = next((b for b in batches if all(fits(row, other) for other in b)), None)
        if batch is None:
            batches.append([row])
        else:
            batch.append(row)
    return batches


def _labels_of(words: str) -> dict[str, str]:
    pairs: Iterator[tuple[str, str]] = (
        (name, value) for name, _, value in (each.partition("=") for each in words.split(", "))
    )
    return dict(pairs)


def _of(alerts: Sequence[ReceivedAlert], mark: str, labels: dict[str, str]) -> list[ReceivedAlert]:
    wanted = {MARK: mark, **labels}.items()
    return [each for each in alerts if wanted <= dict(each.labels).items()]
