"""Has a pod write lines while something is wrong with the way to the log store."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.drivers import log_store
from acceptance.domains.observability.drivers.log_writer import ENDED
from acceptance.domains.observability.drivers.program_pods import ProgramPods
from acceptance.domains.observability.logs.actor import SHIPPERS, LogOperator
from acceptance.domains.observability.logs.numbered_lines import written_at
from acceptance.domains.observability.visitor_waits import Waits, longer_waits, waits_of
from acceptance.drivers.container_signals import signal_containers
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.judgement import Unverifiable, listed, require, unproven
from acceptance.waiting import SYSTEM_CLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from acceptance.domains.observability.logs.numbered_lines import NumberedLines
    from acceptance.drivers.http import SteadyTraffic

_AWAY_SECONDS = 30.0
_STOPPED_SECONDS, _RUNNING_SECONDS = 2.0, 0.5
"""A slow store: it stands still for most of the time."""
_FLOOD_LINES, _FLOOD_RATE, _FLOOD_PADDING = 60_000, 6000, 200
"""Lines, lines a second, and characters that fill each of them."""
_TAKEN_SECONDS = 5.0
"""Within which the shipper has taken what was written."""
_BEFORE = 25
"""Visitors before the trouble, with whom those meanwhile are compared."""


@dataclass(frozen=True)
class TroubledLines:
    """What became of the lines, and how long visitors waited before the trouble and meanwhile."""

    lines: NumberedLines
    before: Waits
    meanwhile: Waits


class TroubledLogOperator(LogOperator):
    """Makes the trouble that a step names, and takes it away again."""

    def write_lines_during(self, trouble: str, traffic: SteadyTraffic) -> TroubledLines:
        """Have a pod write 10,000 numbered lines meanwhile, and find them.

        Raises `Unverifiable` if this cluster does not let the trouble be made, or it was none.
        """
        begin = {
            "the log store is away for 30 seconds": self._store_away,
            "the disk of the log store is full": self._disk_full,
            "the log store is slow": self._store_slow,
            "another pod floods the log": self._flood,
        }.get(trouble)
        require(begin, f"Nothing makes this trouble: {trouble}.")
        assert begin is not None
        self._await(lambda: traffic.count >= _BEFORE, f"{_BEFORE} visitors were answered")
        first = traffic.count
        try:
            lines = self._write_during(begin)
        except Refused as error:
            raise unproven(f"It cannot be brought about that {trouble}: {error}.", error) from error
        replies = traffic.stop().replies
        found = TroubledLines(lines, waits_of(replies[:first]), waits_of(replies[first:]))
        self._keep("What visitors waited", pretty([asdict(found.before), asdict(found.meanwhile)]))
        return found

    def assert_nobody_waited(self, found: TroubledLines) -> None:
        """Visitors waited no longer than before the trouble.

        Raises `Unverifiable` if too few of them came.
        """
        if not found.before.enough or not found.meanwhile.visitors:
            raise Unverifiable("Hardly a visitor came before the trouble, or none meanwhile.")
        faults = longer_waits(found.before, found.meanwhile)
        require(not faults, f"Meanwhile {listed(faults)}.")

    def write_and_replace_shipper(self, count: int) -> NumberedLines:
        """Have a pod write while the store is away, and remove it; replace the shipper; find them.

        So the lines are only in the shipper's buffer when it is replaced. Raises `Unverifiable` if
        there is no shipper, or the store does not go.
        """
        shipper = ProgramPods(self._cluster, SHIPPERS)
        if not shipper.list():
            raise Unverifiable(f"No log shipper is deployed: none of {', '.join(SHIPPERS)}.")
        store, writer = ProgramPods(self._cluster, log_store.PROGRAMS), self._writer()
        store.scale(0)
        self._undo.callback(store.scale, 1)
        self._await(lambda: not store.list(), "the log store has gone")
        writer.write_numbers(self._backend_image(), count, count, 0, self._labels)
        self._require_written(writer, count)
        SYSTEM_CLOCK.pause(_TAKEN_SECONDS)
        writer.delete()
        replaced = {pod.uid for pod in shipper.replace()}
        self._await(
            lambda: replaced.isdisjoint(pod.uid for pod in shipper.list()),
            "the log shipper was replaced",
        )
        store.scale(1)
        return self._find(writer, count, patience=self._timeouts.recovery, ended=True)

    def _write_during(self, begin: Callable[[], AbstractContextManager[bool]]) -> NumberedLines:
        """Return the lines that were written during the trouble.

        If it yields True they have to arrive meanwhile; otherwise they are looked for after it.
        """
        with begin() as arrive:
            writer = self._write()
            if arrive:
                return self._find(writer, patience=self._timeouts.recovery)
            self._await(lambda: writer.phase() in ENDED, "the pod has written its lines")
        return self._find(writer, patience=self._timeouts.recovery)

    @contextmanager
    def _store_away(self) -> Iterator[bool]:
        """Take the log store away for 30 s, or for as long as the pod writes."""
        store = ProgramPods(self._cluster, log_store.PROGRAMS)
        store.scale(0)
        self._undo.callback(store.scale, 1)
        self._await(lambda: not store.list(), "the log store has gone")
        gone = time.monotonic()
        yield False
        SYSTEM_CLOCK.pause(max(0.0, gone + _AWAY_SECONDS - time.monotonic()))
        if store.list():
            raise Unverifiable("The log store came back while the pod wrote.")
        store.scale(1)

    @contextmanager
    def _disk_full(self) -> Iterator[bool]:
        """Let the log store take its disk for full until the pod has written its lines."""
        stores = self._stores()
        for store in stores:
            self._undo.callback(store.forget_disk)
            store.pretend_full_disk()
            closed = "the log store takes no more lines"
            self._await(lambda store=store: store.takes_lines() is False, closed)  # type: ignore[misc]
        yield False
        for store in stores:
            if store.takes_lines() is not False:
                raise Unverifiable("The log store took lines while the pod wrote.")
            store.end_full_disk()

    @contextmanager
    def _store_slow(self) -> Iterator[bool]:
        """Let the processes of the log store stand still most of the time."""
        ids = ProgramPods(self._cluster, log_store.PROGRAMS).containers()
        ended = threading.Event()

        def signal(name: str) -> int:
            return signal_containers(self.system, ids, name, timeout=self._timeouts.execute)

        def slow_down() -> None:
            # A store that is killed meanwhile gets no signal: then it is not slow, but away.
            with suppress(Refused):
                while not ended.is_set():
                    signal("STOP")
                    ended.wait(_STOPPED_SECONDS)
                    signal("CONT")
                    ended.wait(_RUNNING_SECONDS)

        signal("CONT")  # whether it can be done is known now
        thread = threading.Thread(target=slow_down, name="slow log store", daemon=True)
        thread.start()
        try:
            yield True
        finally:
            ended.set()
            thread.join()
            signal("CONT")

    @contextmanager
    def _flood(self) -> Iterator[bool]:
        """Let another pod write as many lines as it can."""
        flood = self._writer()
        image = self._backend_image()
        flood.write_numbers(image, _FLOOD_LINES, _FLOOD_RATE, _FLOOD_PADDING, self._labels)
        self._await(lambda: flood.last_of_log(1) != "", "the other pod writes")
        begun = time.time()
        yield True
        self._await(lambda: flood.phase() in ENDED, "the other pod has written its lines")
        if written_at(flood.last_of_log(1)) < begun:
            raise Unverifiable("The other pod had written all of its lines before.")
