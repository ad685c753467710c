"""Checks central logging: pods write lines on purpose, and the log store has to have each once."""

from __future__ import annotations

import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.observability.drivers import log_store
from acceptance.domains.observability.drivers.log_store import LogStore
from acceptance.domains.observability.drivers.log_writer import (
    BROKEN_LINE,
    ENDED,
    SUCCEEDED,
    LogWriter,
)
from acceptance.domains.observability.drivers.program_pods import ProgramPods
from acceptance.domains.observability.logs.numbered_lines import NumberedLines
from acceptance.domains.observability.monitoring import MonitoringOperator
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, require
from acceptance.waiting import SYSTEM_CLOCK, DeadlineExceeded, eventually, last_seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.domains.observability.drivers.log_store import LogEntry

SHIPPERS = ("rsyslog", "fluent-bit", "fluentd", "vector", "promtail")
"""The label's values by which a log shipper is found."""
_LINES = 10_000
_LINES_PER_SECOND = 1000
_STEADY_RATE = 500
"""Lines a second where it counts how soon they are found."""
_RUN_IN_LINES = 5000
_PADDING = 2000
"""Characters with which 10,000 lines are more than the 10 MiB at which the kubelet rotates."""
_SETTLE_SECONDS = 3.0
"""After the last line was found: how long a second copy of one may still be under way."""
_LOOK_SECONDS = 0.25
_BEGINNING = 400


class LogOperator(MonitoringOperator):
    """Has pods write lines, and looks for each of them in the log store by field."""

    def run_in(self) -> None:
        """Have a pod write some lines, and find them: a program that has just started is slow.

        It is a failed check if they are not found.
        """
        writer, image = self._writer(), self._backend_image()
        writer.write_numbers(image, _RUN_IN_LINES, _LINES_PER_SECOND, 0, self._labels)
        lines = self._find(writer, _RUN_IN_LINES)
        if lines.missing:
            message = f"The log store has not all of the first {_RUN_IN_LINES} lines of a pod."
            raise AssertionError(message)

    def write_lines(self) -> NumberedLines:
        """Have a pod write 10,000 numbered lines, and find them."""
        return self._find(self._write(rate=_STEADY_RATE))

    def write_lines_and_kill_shipper(self) -> NumberedLines:
        """Have a pod write, kill every log shipper meanwhile, and find the lines.

        Raises `Unverifiable` if there is no shipper, or the pod wrote no more when it was killed.
        """
        shipper = ProgramPods(self._cluster, SHIPPERS)
        if not shipper.list():
            raise Unverifiable(f"No log shipper is deployed: none of {', '.join(SHIPPERS)}.")
        writer = self._write()
        self._await(lambda: writer.last_of_log(1) != "", "the pod writes")
        killed = shipper.kill()
        if writer.phase() in ENDED:
            raise Unverifiable("The shipper was killed only after the pod had written all lines.")
        before = {pod.uid for pod in killed}
        eventually(
            lambda: all(pod.serving and pod.uid not in before for pod in shipper.list() or killed),
            bool,
            timeout=self._timeouts.recovery,
            wake=Pace(),
            what="every killed shipper was replaced",
        )
        return self._find(writer, patience=self._timeouts.recovery)

    def write_lines_until_rotation(self) -> NumberedLines:
        """Have a pod write so much that the kubelet rotates its log, and find the lines.

        Raises `Unverifiable` if the log was not rotated.
        """
        writer = self._write(padding=_PADDING, rate=_STEADY_RATE)
        self._await(lambda: writer.phase() in ENDED, "the pod has written its lines")
        lines = self._find(writer)
        if '"sequence": 0,' in writer.first_of_log(_BEGINNING):
            raise Unverifiable("The log was not rotated, although it was longer than usual.")
        return lines

    def break_off(self) -> NumberedLines:
        """Have a pod write some lines and die in the middle of one, and find the lines."""
        writer = self._writer()
        writer.break_off(self._backend_image(), _LINES // 100, self._labels)
        return self._find(writer, _LINES // 100)

    def assert_each_once(self, lines: NumberedLines) -> None:
        """The log store has every line, once, with its text and level."""
        require(not lines.faults, "; ".join(lines.faults))

    def assert_found_within(self, lines: NumberedLines, seconds: float) -> None:
        """99 % of the lines were found within so many seconds of being written."""
        require(
            lines.p99 <= seconds,
            f"99 % of the lines were found within {lines.p99:.1f} s, not {seconds:g} s.",
        )

    def assert_broken_line_kept(self, lines: NumberedLines) -> None:
        """The log store has the part of a line that the pod left when it died, once."""
        # The last line of a file comes later: only a pause says that nothing more belongs to it.
        kept = last_seen(
            lambda: [e for e in self._entries(lines.pod) if e["message"] == BROKEN_LINE],
            bool,
            timeout=self._timeouts.observation,
            wake=Pace(),
        )
        require(
            len(kept) == 1,
            f"The broken line {BROKEN_LINE!r} is in the log store {len(kept)} times, not once.",
        )

    def _entries(self, pod: str) -> tuple[LogEntry, ...]:
        """Return all entries of a pod."""
        return tuple(
            entry
            for store in self._stores()
            for entry in store.entries(namespace=self.system.namespace, pod=pod).entries
        )

    def _stores(self) -> tuple[LogStore, ...]:
        found = self._endpoints(log_store.PROGRAMS, "log store")
        return tuple(LogStore(self._cluster, each) for each in found)

    def _find(
        self,
        writer: LogWriter,
        count: int = _LINES,
        *,
        patience: float | None = None,
        ended: bool = False,
    ) -> NumberedLines:
        """Search until every line was found and for a moment more, or until the deadline.

        `patience` is in seconds, and counts from when the pod should have written all lines. A pod
        that has `ended` before need not be there any more.
        """
        lines, stores = NumberedLines(writer.name, count), self._stores()
        where = {"namespace": self.system.namespace, "pod": writer.name}

        def look() -> bool:
            for store in stores:
                found = store.entries(first=lines.first_missing, **where)
                lines.add(found.entries, time.time())
                lines.refused = found.refused
            return not lines.missing

        def doubled() -> tuple[int, ...]:
            return tuple(n for store in stores for n in store.doubled(**where) or ())

        with suppress(DeadlineExceeded):
            limit = count / _STEADY_RATE + (patience or self._timeouts.observation)
            eventually(look, bool, timeout=limit, wake=Pace(), describe=lambda _: "")
        if not ended:
            self._require_written(writer, count)
        with suppress(DeadlineExceeded):
            eventually(doubled, bool, timeout=_SETTLE_SECONDS, wake=Pace())
        told = [store.doubled(**where) for store in stores]
        if None in told:
            lines.refused = lines.refused or "it does not say which lines it has twice"
        lines.doubled = doubled()
        self._keep("Numbered lines in the log store", pretty(lines.summary()))
        return lines

    def _require_written(self, writer: LogWriter, count: int) -> None:
        """Raise `Unverifiable` if the pod did not write its lines: then none can be lost."""
        self._await(lambda: writer.phase() in ENDED, "the pod has written its lines")
        # Its log may have been rotated after the last line, and is empty then.
        done = writer.phase() == SUCCEEDED
        if not done and f'"sequence": {count - 1}' not in writer.last_of_log(2):
            message = f"{writer.name} did not write {count} lines: {writer.last_of_log(1)[:200]}"
            raise Unverifiable(message)

    def _write(self, *, padding: int = 0, rate: int = _LINES_PER_SECOND) -> LogWriter:
        writer = self._writer()
        writer.write_numbers(self._backend_image(), _LINES, rate, padding, self._labels)
        return writer

    def _writer(self) -> LogWriter:
        name = f"acceptance-log-{uuid.uuid4().hex[:8]}"
        writer = LogWriter(self._cluster, self.system.namespace, name)
        self._undo.callback(writer.delete)
        return writer

    @property
    def _labels(self) -> dict[str, str]:
        return {RUN_LABEL: self.system.run}

    def _await(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until something holds that the check needs; raises `Unverifiable` otherwise."""
        self._awaited(holds, bool, what, Pace())


class Pace:
    """Waits between two looks, so that the search does not keep the log store busy."""

    def wait(self, timeout: float) -> bool:
        """Wait for a moment, at most `timeout` seconds."""
        SYSTEM_CLOCK.pause(min(timeout, _LOOK_SECONDS))
        return False
