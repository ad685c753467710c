"""Checks that no visitor waits for a Jaeger that is away, and that traces are whole afterwards."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.killed_programs import NO_DELAY
from acceptance.domains.observability.trace_analyst import TraceAnalyst
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.domains.observability.killed_programs import KilledPrograms
    from acceptance.domains.traffic import Journey
    from acceptance.drivers.http import Reply, SteadyTraffic

_LIMITS = ((0.5, 0.5), (0.95, 1.0))
"""A share of the visitors, and how many seconds more than twice as long as before it may wait: the
machine starts a program meanwhile. Who waits for a collector waits for seconds, at each span."""
_FEWEST = 20
"""Fewer visitors say nothing about what 95 % of them waited."""
_SHORTEST_SECONDS = 1.0
"""In a shorter time, nobody notices that Jaeger is away."""


@dataclass(frozen=True)
class Waits:
    """How many visitors came, and what each share of them waited at most, in seconds."""

    visitors: int
    seconds: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class VisitsWithoutCollector:
    """The waits of visitors before Jaeger was killed, and until it was back."""

    before: Waits
    meanwhile: Waits
    """Of those too who came while it was away, and were answered only after it was back."""
    away: float
    """For how long Jaeger was away, in seconds."""


class CollectorAbsence(TraceAnalyst):
    """Compares the visitors' waits, and looks up a trace after Jaeger is back."""

    def compare_waits(
        self, traffic: SteadyTraffic, killed: KilledPrograms
    ) -> VisitsWithoutCollector:
        """Return how long visitors waited; they are stopped if they have not been."""
        replies = traffic.stop().replies
        one = killed.keeping(NO_DELAY)[0]
        gone, back = one.visits
        meanwhile = waits_of(replies[gone : back + 1])
        found = VisitsWithoutCollector(waits_of(replies[:gone]), meanwhile, one.away)
        self._keep("What visitors waited without Jaeger", pretty(asdict(found)))
        return found

    def assert_nobody_waited(self, found: VisitsWithoutCollector) -> None:
        """Visitors waited no longer while Jaeger was away.

        Raises `Unverifiable` if too few came before, or Jaeger was away for a moment only. Few who
        came meanwhile may be those who waited.
        """
        if found.before.visitors < _FEWEST or not found.meanwhile.visitors:
            raise Unverifiable("Hardly a visitor came before Jaeger was killed, or none meanwhile.")
        if found.away < _SHORTEST_SECONDS:
            raise Unverifiable(f"Jaeger was away for {found.away:.1f} s only.")
        before, meanwhile = dict(found.before.seconds), dict(found.meanwhile.seconds)
        faults = [
            f"{share:.0%} of the visitors waited up to {meanwhile[share]:.2f} s, and "
            f"{before[share]:.2f} s before"
            for share, allowed in _LIMITS
            if meanwhile[share] > 2 * before[share] + allowed
        ]
        require(not faults, f"While Jaeger was away, {listed(faults)}.")

    def assert_traced_again(self, journey: Journey) -> None:
        """A checkout that was made after Jaeger was back is one whole trace."""
        trace = self.find_checkout_trace(journey)
        self.assert_one_trace(trace)
        self.assert_no_orphan(trace)
        self.assert_durations(trace)


def waits_of(replies: Sequence[Reply]) -> Waits:
    """Return what the visitors waited who got these replies."""
    ordered = sorted(each.seconds for each in replies)
    places = [(share, math.ceil(len(ordered) * share) - 1) for share, _ in _LIMITS]
    waits = tuple((share, ordered[place] if ordered else 0.0) for share, place in places)
    return Waits(len(ordered), waits)
