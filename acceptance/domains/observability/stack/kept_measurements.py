"""Checks that Prometheus has what it had measured before it was killed."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.metrics.actor import MetricsOperator
from acceptance.domains.observability.stack.killed_programs import MEASURED
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require
from acceptance.waiting import last_seen

if TYPE_CHECKING:
    from acceptance.domains.observability.drivers.prometheus import Samples
    from acceptance.domains.observability.stack.killed_programs import KilledPrograms

_SERIES = (
    "http_requests_total",
    "pg_stat_database_xact_commit",
    "traefik_service_requests_total",
    "node_memory_MemAvailable_bytes",
)
"""Of the backend, the database, the ingress and the node."""
_WINDOW = "30m"
_QUERIES = (
    *(f"{name} @ {{at}}" for name in _SERIES),
    *(f"sum_over_time({name}[{_WINDOW}] @ {{at}})" for name in _SERIES),
    f"count_over_time(up[{_WINDOW}] @ {{at}})",
)
"""The last value of each series, the sum of all its values, and how often each target was scraped;
`at` is a Unix time in seconds."""
_SETTLED_INTERVALS = 2
"""After so many intervals every scrape is written."""


@dataclass(frozen=True)
class Measurements:
    """What Prometheus answered to queries about a time that was over."""

    answers: tuple[Samples, ...]
    noted: float
    """When it answered, as Unix time by the clock of the run."""


class MeasurementKeeper(MetricsOperator):
    """Asks Prometheus the same before and after it was killed."""

    def note_measurements(self) -> Measurements:
        """Return the answers about the last half hour.

        It is a failed check if Prometheus has nothing to lose.
        """
        targets = self.prometheus().targets().targets
        settled = _SETTLED_INTERVALS * max((each.interval for each in targets), default=0.0)

        def look() -> tuple[Samples, ...]:
            at = f"{time.time() - settled:.3f}"
            return self._ask(tuple(each.format(at=at) for each in _QUERIES))

        found = last_seen(
            look,
            lambda answers: all(each.samples for each in answers),
            timeout=self._timeouts.observation,
        )
        empty = [each.query for each in found if not each.samples]
        if empty:
            raise AssertionError(f"Prometheus has measured nothing for {listed(empty)}.")
        return Measurements(found, time.time())

    def assert_measurements_kept(self, before: Measurements, killed: KilledPrograms) -> None:
        """Prometheus gives the same answers to the same questions after it was killed."""
        require(before.answers, "Prometheus was asked nothing before it was killed.")
        if any(before.noted >= each.at for each in killed.keeping(MEASURED)):
            raise Unverifiable("Prometheus was killed before it was asked what it had measured.")
        queries = tuple(each.query for each in before.answers)
        after = last_seen(
            lambda: self._ask(queries),
            lambda answers: not any(each.refused for each in answers),
            timeout=self._timeouts.observation,
        )
        self._keep(
            "What Prometheus had measured, before and after",
            pretty(
                {"before": list(map(asdict, before.answers)), "after": list(map(asdict, after))}
            ),
        )
        faults = [
            fault
            for own, other in zip(before.answers, after, strict=True)
            for fault in faults_of_answers(own, other)
        ]
        require(not faults, listed(faults))

    def _ask(self, queries: tuple[str, ...]) -> tuple[Samples, ...]:
        client = self.prometheus()
        return tuple(client.query(each) for each in queries)


def faults_of_answers(before: Samples, after: Samples) -> list[str]:
    """Say which series of an answer are lost, or have another value than before."""
    if after.refused:
        return [f"Prometheus does not answer {after.query}: {after.refused}"]
    now = {each.labels: each.value for each in after.samples}
    lost = [each for each in before.samples if each.labels not in now]
    if lost:
        return [f"{len(lost)} of {len(before.samples)} series of {before.query} are lost"]
    return [
        f"{before.query} was {each.value:g} and is {now[each.labels]:g}"
        for each in before.samples
        if now[each.labels] != each.value
    ]
