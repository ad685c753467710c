"""Checks that no visitor waits for a Jaeger that is away, and that traces are whole afterwards."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.stack.killed_programs import NO_DELAY
from acceptance.domains.observability.traces.analyst import TraceAnalyst
from acceptance.domains.observability.visitor_waits import Waits, longer_waits, waits_of
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require

if TYPE_CHECKING:
    from acceptance.domains.observability.stack.killed_programs import KilledPrograms
    from acceptance.domains.traffic import Journey
    from acceptance.drivers.http import SteadyTraffic

_SHORTEST_SECONDS = 1.0
"""In a shorter time, nobody notices that Jaeger is away."""


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
        if not found.before.enough or not found.meanwhile.visitors:
            raise Unverifiable("Hardly a visitor came before Jaeger was killed, or none meanwhile.")
        if found.away < _SHORTEST_SECONDS:
            raise Unverifiable(f"Jaeger was away for {found.away:.1f} s only.")
        faults = longer_waits(found.before, found.meanwhile)
        require(not faults, f"While Jaeger was away, {listed(faults)}.")

    def assert_traced_again(self, journey: Journey) -> None:
        """A checkout that was made after Jaeger was back is one whole trace."""
        trace = self.find_checkout_trace(journey)
        self.assert_one_trace(trace)
        self.assert_no_orphan(trace)
        self.assert_durations(trace)
