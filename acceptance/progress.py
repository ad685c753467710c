"""Shows the current steps of a long run and their progress, and records how long builds took."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from acceptance.process import tail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rich.console import RenderableType

_REFRESH_PER_SECOND = 8
LINE_SECONDS = 30.0
"""Without a terminal, a line about the current steps is written at least this often."""


@dataclass
class _Build:
    """A build in progress, because the cache does not have its result."""

    verb: str
    what: str
    started: float
    usual: float
    """The usual seconds of the build."""
    first: bool
    """Whether this is its first build on this machine, so that `usual` is an estimate."""
    measure: Callable[[], str] | None

    def __str__(self) -> str:
        """Return in words what is built, and how long that takes."""
        return (
            f"{self.verb} {self.what} ({'first run, ' * self.first}about {_duration(self.usual)})"
        )

    def so_far(self, now: float) -> str:
        """Return the progress in words."""
        said = f"{_duration(now - self.started)} of about {_duration(self.usual)}"
        measured = self.measure() if self.measure else ""
        return f"{said}, {measured}" if measured else said


@dataclass
class ProgressStep:
    """A step in progress; the code that works on it reports what it builds."""

    number: int
    name: str
    started: float
    log: Path | None
    cacheable: bool
    """Whether the result may come from the cache."""
    progress: Progress
    builds: list[_Build] = field(default_factory=list)
    """The builds in progress."""
    built: int = 0
    """The number of builds, including those in progress."""

    @contextmanager
    def building(
        self,
        what: str,
        *,
        usual: float,
        measure: Callable[[], str] | None = None,
        verb: str = "Building",
    ) -> Iterator[None]:
        """Show a build of `what` while the body runs.

        `usual` is an estimate of the seconds for the first run; later runs use the measured time.
        `measure` returns the progress in words.
        """
        with self.progress.building(self, what, usual, measure, verb):
            yield


class Progress:
    """Shows a known number of steps, which may run at the same time in several threads.

    On a terminal, the current steps are shown live with their time and the last line of their log.
    Elsewhere, a plain line is written at each start and end, and every half minute in between.
    """

    def __init__(
        self,
        total: int,
        *,
        stream: IO[str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        memory: Path | None = None,
        every: float = LINE_SECONDS,
    ) -> None:
        """Expect `total` steps and write to `stream` (default: stderr).

        `memory` is the file with the seconds of earlier builds. Without a terminal, a line is
        written every `every` seconds.
        """
        self.total = total
        self.phases: dict[str, float] = {}
        """The seconds of each finished or failed step, by name, in the order of their ends."""
        self._clock = clock
        self._memory = memory
        self._every = every
        self._console = Console(file=stream or sys.stderr, highlight=False, soft_wrap=True)
        self._lock = threading.RLock()
        self._number = 0
        self._active: list[ProgressStep] = []
        self._live: Live | None = None
        self._idle: threading.Event | None = None
        """Set when no step is running any more."""

    @contextmanager
    def step(
        self, name: str, *, log: Path | None = None, cacheable: bool = False
    ) -> Iterator[ProgressStep]:
        """Show the step `name` while the body runs; when it fails, show the tail of its `log`.

        A `cacheable` step is shown as cached if nothing was built in it.
        """
        step = self._begin(name, log, cacheable=cacheable)
        try:
            yield step
        except BaseException as error:
            stopped = isinstance(error, KeyboardInterrupt)
            self._finish(step, "stopped" if stopped else "failed", "yellow" if stopped else "red")
            raise
        else:
            self._finish(step, "done", "green")

    @contextmanager
    def building(
        self,
        step: ProgressStep,
        what: str,
        usual: float,
        measure: Callable[[], str] | None,
        verb: str,
    ) -> Iterator[None]:
        """Show that a step builds something: see `Step.building`."""
        known = _remembered(self._memory).get(what)
        build = _Build(
            verb, what, self._clock(), known or usual, first=known is None, measure=measure
        )
        with self._lock:
            step.builds.append(build)
            step.built += 1
            self._say(f"{self._number_of(step)} {build} …")
        try:
            yield
        finally:
            with self._lock:
                step.builds.remove(build)
        self._remember(what, self._clock() - build.started)

    def note(self, text: str) -> None:
        """Write a permanent line, even while steps are shown live."""
        with self._lock:
            self._console.print(Text(text))

    def continue_beside_tests(self) -> None:
        """From now on only write lines, past pytest, which captures what is written meanwhile."""
        with self._lock:
            if self._live is not None:
                self._live.stop()
                self._live = None
            stream = self._console.file
            if stream is sys.stderr:
                stream = os.fdopen(os.dup(stream.fileno()), "w", buffering=1)
            self._console = Console(
                file=stream, highlight=False, soft_wrap=True, force_terminal=False
            )
            if self._active:
                self._tell_regularly()

    def _begin(self, name: str, log: Path | None, *, cacheable: bool) -> ProgressStep:
        with self._lock:
            self._number += 1
            step = ProgressStep(self._number, name, self._clock(), log, cacheable, self)
            self._active.append(step)
            if not cacheable:
                self._say(f"{self._label(step)} …")
            if not self._console.is_terminal:
                self._tell_regularly()
            elif self._live is None:
                self._live = Live(
                    get_renderable=self._picture,
                    console=self._console,
                    transient=True,
                    refresh_per_second=_REFRESH_PER_SECOND,
                    # Do not redirect stdout and stderr, which belong to the caller.
                    redirect_stdout=False,
                    redirect_stderr=False,
                )
                self._live.start()
            return step

    def _finish(self, step: ProgressStep, result: str, colour: str) -> None:
        with self._lock:
            seconds = self._clock() - step.started
            self.phases[step.name] = self.phases.get(step.name, 0.0) + seconds
            self._active.remove(step)
            if not self._active:
                if self._live is not None:
                    self._live.stop()
                    self._live = None
                if self._idle is not None:
                    self._idle.set()
                    self._idle = None
            line = Text(f"{self._label(step)}: ")
            cached = result == "done" and step.cacheable and not step.built
            line.append("cached" if cached else f"{result} after {seconds:.1f} s", style=colour)
            self._console.print(line)
            if result == "failed" and step.log is not None and (last := _tail_of(step.log)):
                self._console.print(Text(f"The last lines of {step.log}:"))
                self._console.print(Text(last, style="dim"))

    def _say(self, line: str) -> None:
        """Write a line, except on a terminal, where the same is shown live."""
        if not self._console.is_terminal:
            self._console.print(Text(line))

    def _tell_regularly(self) -> None:
        if self._idle is None:
            self._idle = threading.Event()
            threading.Thread(target=self._tell, args=(self._idle,), daemon=True).start()

    def _tell(self, idle: threading.Event) -> None:
        """Write a line about the current steps at regular intervals."""
        while not idle.wait(self._every):
            with self._lock:
                for step in self._active:
                    for head, detail in self._lines(step):
                        self._say(f"{head}: {detail}")

    def _number_of(self, step: ProgressStep) -> str:
        return f"[{step.number}/{max(self.total, step.number)}]"

    def _label(self, step: ProgressStep) -> str:
        return f"{self._number_of(step)} {step.name}"

    def _lines(self, step: ProgressStep) -> Iterator[tuple[str, str]]:
        """Yield what a step is doing, with its progress."""
        now = self._clock()
        for build in step.builds:
            yield f"{self._number_of(step)} {build.verb} {build.what}", build.so_far(now)
        if not step.builds:
            last = _tail_of(step.log, 1).strip() if step.log is not None else ""
            yield self._label(step), f"{_duration(now - step.started)} so far  {last}".rstrip()

    def _picture(self) -> RenderableType:
        lines: list[Text] = []
        with self._lock:
            for step in self._active:
                for head, detail in self._lines(step):
                    line = Text(f"{head} … ", no_wrap=True, overflow="ellipsis")
                    line.append(detail, style="cyan")
                    lines.append(line)
        return Group(*lines)

    def _remember(self, what: str, seconds: float) -> None:
        if self._memory is None:
            return
        with self._lock, suppress(OSError):  # the next run uses the estimate again
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            beside = self._memory.with_name(f".{self._memory.name}.{os.getpid()}")
            known = _remembered(self._memory) | {what: round(seconds, 1)}
            beside.write_text(json.dumps(known, indent=1), encoding="utf-8")
            beside.replace(self._memory)


def _remembered(memory: Path | None) -> dict[str, float]:
    """Return the seconds of earlier builds; empty if the file cannot be read."""
    found: Any = None
    if memory is not None:
        with suppress(OSError, ValueError):
            found = json.loads(memory.read_text(encoding="utf-8"))
    entries = found.items() if isinstance(found, dict) else ()
    return {what: float(value) for what, value in entries if isinstance(value, int | float)}


_MINUTE = 60.0
_LONGEST_IN_SECONDS = 100.0


def _duration(seconds: float) -> str:
    if seconds < _LONGEST_IN_SECONDS:
        return f"{seconds:.0f} s"
    return f"{seconds / _MINUTE:.0f} min"


_TAIL_BYTES = 16384


def _tail_of(log: Path, lines: int = 15) -> str:
    """Return the last lines of a file, which may be missing or long."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            return tail(file.read().decode("utf-8", "replace"), lines)
    except OSError:
        return ""
