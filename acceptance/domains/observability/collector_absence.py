"""Checks that no visitor waits for a Jaeger that is away, and that traces are whole afterwards."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.killed_programs import NO_DELAY
from acceptance.domains.observability.trace_analyst import TraceAnalyst
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.domains.observability.killed_programs import KilledPrograms
    from acceptance.domains.traffic import Journey
    from acceptance.drivers.http import Reply, SteadyTraffic

_SHARE = 0.95
_FEWEST = 20
"""Fewer visitors say nothing about what 95 % of them waited."""
_FACTOR, _ALLOWED_SECONDS = 2.0, 0.1
"""The machine starts a program meanwhile. Who waits for a collector waits for seconds."""


@dataclass(frozen=True)
class Waits:
    """What 95 % of visitors waited at most, in seconds, and how many they were."""

    visitors: int
    seconds: float


@dataclass(frozen=True)
class VisitsWithoutCollector:
    """The waits of visitors before Jaeger was killed, and until it was back."""

    before: Waits
    meanwhile: Waits


class CollectorAbsence(TraceAnalyst):
    """Compares the visitors' waits, and looks up a trace after Jaeger is back."""

    def compare_waits(
        self, traffic: SteadyTraffic, killed: KilledPrograms
    ) -> VisitsWithoutCollector:
        """Return how long visitors waited; they have been stopped already.

        Raises `Unverifiable` if too few came.
        """
        replies = traffic.stop().replies
        gone, back = killed.keeping(NO_DELAY)[0].visits
        found = VisitsWithoutCollector(waits_of(replies[:gone]), waits_of(replies[gone:back]))
        self._keep("What visitors waited without Jaeger", pretty(asdict(found)))
        return found

    def assert_nobody_waited(self, found: VisitsWithoutCollector) -> None:
        """Visitors waited no longer while Jaeger was away.

        Raises `Unverifiable` if too few came to tell.
        """
        fewest = min(found.before.visitors, found.meanwhile.visitors)
        if fewest < _FEWEST:
            message = f"Only {fewest} visitors came before Jaeger was killed, or while it was away."
            raise Unverifiable(message)
        limit = _FACTOR * found.before.seconds + _ALLOWED_SECONDS
        require(
            found.meanwhile.seconds <= limit,
            f"While Jaeger was away, 95 % of the visitors waited up to "
            f"{found.meanwhile.seconds:.2f} s, and {found.before.seconds:.2f} s before.",
        )

    def assert_traced_again(self, journey: Journey) -> None:
        """A checkout that was made after Jaeger was back is one whole trace."""
        trace = self.find_checkout_trace(journey)
        self.assert_one_trace(trace)
        self.assert_no_orphan(trace)
        self.assert_durations(trace)


def waits_of(replies: Sequence[Reply]) -> Waits:
    """Return what 95 % of the visitors waited who got these replies."""
    ordered = sorted(each.seconds for each in replies)
    place = math.ceil(len(ordered) * _SHARE) - 1
    return Waits(len(ordered), ordered[place] if ordered else 0.0)
