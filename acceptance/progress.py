"""Shows which step of a long run is under way, and remembers how long each one took."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from acceptance.process import tail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rich.console import RenderableType

_REFRESH_PER_SECOND = 8


@dataclass(frozen=True)
class _Step:
    number: int
    name: str
    started: float
    log: Path | None


class Progress:
    """Steps of a known number, one after the other or side by side, also from several threads.

    On a terminal the steps under way are shown live with the time that they have taken and the
    last line of their log; elsewhere each start and end is one plain line.
    """

    def __init__(
        self,
        total: int,
        *,
        stream: IO[str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Expect `total` steps and write to `stream` (default: stderr)."""
        self.total = total
        self.phases: dict[str, float] = {}
        """Seconds that each finished or failed step took, by name, in the order of their ends."""
        self._clock = clock
        self._console = Console(file=stream or sys.stderr, highlight=False, soft_wrap=True)
        self._lock = threading.RLock()
        self._number = 0
        self._active: list[_Step] = []
        self._live: Live | None = None

    @contextmanager
    def step(self, name: str, *, log: Path | None = None) -> Iterator[None]:
        """Show the step `name` while the body runs; when it fails, show the tail of its `log`."""
        step = self._begin(name, log)
        try:
            yield
        except BaseException as error:
            stopped = isinstance(error, KeyboardInterrupt)
            self._finish(step, "stopped" if stopped else "failed", "yellow" if stopped else "red")
            raise
        else:
            self._finish(step, "done", "green")

    def note(self, text: str) -> None:
        """Write a line that stays, also while steps are shown live."""
        with self._lock:
            self._console.print(Text(text))

    def _begin(self, name: str, log: Path | None) -> _Step:
        with self._lock:
            self._number += 1
            step = _Step(self._number, name, self._clock(), log)
            self._active.append(step)
            if not self._console.is_terminal:
                self._console.print(Text(f"{self._label(step)} …"))
            elif self._live is None:
                self._live = Live(
                    get_renderable=self._picture,
                    console=self._console,
                    transient=True,
                    refresh_per_second=_REFRESH_PER_SECOND,
                    # stdout and stderr belong to whoever runs the steps.
                    redirect_stdout=False,
                    redirect_stderr=False,
                )
                self._live.start()
            return step

    def _finish(self, step: _Step, result: str, colour: str) -> None:
        with self._lock:
            seconds = self._clock() - step.started
            self.phases[step.name] = self.phases.get(step.name, 0.0) + seconds
            self._active.remove(step)
            if self._live is not None and not self._active:
                self._live.stop()
                self._live = None
            line = Text(f"{self._label(step)}: ")
            line.append(f"{result} after {seconds:.1f} s", style=colour)
            self._console.print(line)
            if result == "failed" and step.log is not None and (last := _tail_of(step.log)):
                self._console.print(Text(f"The last lines of {step.log}:"))
                self._console.print(Text(last, style="dim"))

    def _label(self, step: _Step) -> str:
        return f"[{step.number}/{max(self.total, step.number)}] {step.name}"

    def _picture(self) -> RenderableType:
        lines: list[Text] = []
        with self._lock:
            for step in self._active:
                elapsed = self._clock() - step.started
                line = Text(f"{self._label(step)} … ", no_wrap=True, overflow="ellipsis")
                line.append(f"{elapsed:.0f} s", style="cyan")
                if step.log is not None and (last := _tail_of(step.log, 1)):
                    line.append(f"  {last.strip()}", style="dim")
                lines.append(line)
        return Group(*lines)


_TAIL_BYTES = 16384


def _tail_of(log: Path, lines: int = 15) -> str:
    """Return the last lines of a file that may not be there yet and may be long."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            return tail(file.read().decode("utf-8", "replace"), lines)
    except OSError:
        return ""
