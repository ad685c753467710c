"""Has visitors make checkouts over and over, and checks that Prometheus has counted each once."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from acceptance.domains.observability.metrics.counting import TrafficCounter
from acceptance.domains.observability.stack.killed_programs import MEASURED
from acceptance.judgement import Unverifiable

if TYPE_CHECKING:
    from acceptance.domains.observability.metrics.counting import CounterState, SentRequests
    from acceptance.domains.observability.metrics.known_traffic import KnownTraffic
    from acceptance.domains.observability.stack.killed_programs import KilledPrograms

_PAUSE_SECONDS = 1.0
"""Between two rounds, so that others are served too."""


class CountedVisits:
    """Rounds of known traffic in the background, until they are ended."""

    def __init__(self, first: KnownTraffic, before: CounterState) -> None:
        """Begin with a `first` round; `before` is what was counted before it."""
        self.before = before
        self.rounds: list[tuple[float, float]] = []
        """When each complete round began and ended, as Unix time by the clock of the run."""
        self._sum = first.anew()
        self._problem: AssertionError | Unverifiable | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._send, name="counted visits", daemon=True)
        self._thread.start()

    def end(self) -> KnownTraffic:
        """Wait for the current round, and return the traffic of all; may be called again.

        Raises what ended a round that could not be sent as it should be.
        """
        self._ended.set()
        self._thread.join()
        if self._problem:
            raise self._problem
        return self._sum

    def _send(self) -> None:
        while not self._ended.is_set():
            began, one = time.time(), self._sum.anew()
            try:
                one.send_all()
            except (AssertionError, Unverifiable) as error:
                self._problem = error
                return
            self._sum.add(one)
            self.rounds.append((began, time.time()))
            self._ended.wait(_PAUSE_SECONDS)


class CountedVisitors(TrafficCounter):
    """Is the only one who makes checkouts for a while, and knows how many."""

    def make_checkouts(self, before: CounterState) -> CountedVisits:
        """Begin to make checkouts in the background; `before` is what is counted until now."""
        visits = CountedVisits(self._known_traffic(), before)
        self._undo.callback(visits.end)
        return visits

    def count_visits(self, visits: CountedVisits, killed: KilledPrograms) -> SentRequests:
        """End the visits, and wait until Prometheus has counted them or until the deadline.

        Raises `Unverifiable` if there were none before and after Prometheus was killed.
        """
        traffic = visits.end()
        for each in killed.keeping(MEASURED):
            before = any(ended < each.at for _, ended in visits.rounds)
            if not before or not any(began > each.at for began, _ in visits.rounds):
                raise Unverifiable("Nobody came before and after Prometheus was killed.")
        return self._await_counted(traffic, visits.before)
