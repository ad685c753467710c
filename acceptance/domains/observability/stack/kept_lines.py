"""Has a pod write lines while the log shipper and the log store are killed, and looks for each."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.drivers.log_writer import ENDED
from acceptance.domains.observability.logs.actor import LogOperator
from acceptance.domains.observability.logs.numbered_lines import written_at
from acceptance.domains.observability.stack.killed_programs import LINES
from acceptance.judgement import Unverifiable

if TYPE_CHECKING:
    from acceptance.domains.observability.drivers.log_writer import LogWriter
    from acceptance.domains.observability.logs.numbered_lines import NumberedLines
    from acceptance.domains.observability.stack.killed_programs import KilledPrograms

_COUNT, _RATE = 9000, 200
"""Lines, and lines a second: the pod writes for longer than it takes to kill shipper and store."""


@dataclass(frozen=True)
class WritingPod:
    """A pod that writes numbered lines, of which the log store had some at this time."""

    writer: LogWriter
    stored: float
    """Unix time by the clock of the run."""


class LineKeeper(LogOperator):
    """Looks for the lines of one pod."""

    def begin_lines(self) -> WritingPod:
        """Have a pod write lines; wait until the log store has the first ones.

        Raises `Unverifiable` if it gets none.
        """
        writer = self._writer()
        writer.write_numbers(self._backend_image(), _COUNT, _RATE, 0, self._labels)
        self._await(lambda: bool(self._entries(writer.name)), "the log store has the first lines")
        return WritingPod(writer, time.time())

    def find_lines(self, pod: WritingPod, killed: KilledPrograms) -> NumberedLines:
        """Wait until the pod has written all lines, and find them.

        Raises `Unverifiable` if it did not write before and after shipper and store were killed.
        """
        own = killed.keeping(LINES)
        writer = pod.writer
        self._await(lambda: writer.phase() in ENDED, "the pod has written its lines")
        last = written_at(writer.last_of_log(1))
        late = [each.row.program for each in own if not pod.stored < each.at < last]
        if late:
            message = f"The pod did not write before and after {' and '.join(late)} was killed."
            raise Unverifiable(message)
        return self._find(writer, _COUNT, patience=self._timeouts.recovery)
