"""Runs installing commands, and shows their progress.

On a terminal, the current commands are shown live. Elsewhere, a plain line is written at each start
and end, and every half minute in between.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from acceptance.process import run, tail
from acceptance.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

STATE = ROOT / ".make"
"""Logs of the installations, git-ignored."""

_REFRESH_SECONDS = 0.2
_LINE_SECONDS = 30.0  # without a terminal
_TAIL_BYTES = 4096


class Display:
    """Shows the commands in progress; threads may use it at the same time."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        """Write to `stream` (default: stderr)."""
        self._given = stream
        self._lock = threading.Lock()
        self._under_way: dict[Path, tuple[str, float]] = {}
        self._painted = 0  # lines, with the cursor on the last one
        self._painter: threading.Thread | None = None
        self._idle: threading.Event | None = None

    @contextmanager
    def shown(self, title: str, log: Path) -> Iterator[None]:
        """Show `title` while the body runs, with the last line of its `log`."""
        started = time.monotonic()
        with self._lock:
            self._under_way[log] = title, started
            if not self._stream.isatty():
                self._say(f"{title} …")
                if self._idle is None:
                    self._idle = threading.Event()
                    threading.Thread(target=self._tell, args=(self._idle,), daemon=True).start()
            elif self._painter is None:
                self._painter = threading.Thread(target=self._paint, daemon=True)
                self._painter.start()
        result = "failed"
        try:
            yield
            result = "done"
        finally:
            with self._lock:
                del self._under_way[log]
                if not self._under_way and self._idle is not None:
                    self._idle.set()
                    self._idle = None
                self._erase()
                self._say(f"{title}: {result} after {time.monotonic() - started:.0f} s")

    @property
    def _stream(self) -> IO[str]:
        return self._given or sys.stderr

    def note(self, text: str) -> None:
        """Write a permanent line."""
        with self._lock:
            self._erase()
            self._say(text)

    def _tell(self, idle: threading.Event) -> None:
        """Without a terminal, write a line about the current commands at regular intervals."""
        while not idle.wait(_LINE_SECONDS):
            with self._lock:
                for log, (title, started) in self._under_way.items():
                    seconds = time.monotonic() - started
                    self._say(f"{title}: {seconds:.0f} s so far  {_last_line(log)}".rstrip())

    def _paint(self) -> None:
        while True:
            time.sleep(_REFRESH_SECONDS)  # the display is only refreshed at intervals
            with self._lock:
                self._erase()
                if not self._under_way:
                    self._painter = None
                    return
                width = shutil.get_terminal_size().columns - 1
                lines = [
                    f"{title} … {time.monotonic() - started:.0f} s  {_last_line(log)}"[:width]
                    for log, (title, started) in self._under_way.items()
                ]
                print("\n".join(lines), end="", file=self._stream, flush=True)
                self._painted = len(lines)

    def _erase(self) -> None:
        if self._painted:
            upwards = "\033[K\033[A" * (self._painted - 1)
            print(f"\r{upwards}\033[K", end="", file=self._stream, flush=True)
        self._painted = 0

    def _say(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


_DISPLAY = Display()
_NUMBERS = itertools.count(1)


def install_with(
    title: str,
    argv: Sequence[str | Path],
    *,
    timeout: float,
    remedy: str,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
) -> None:
    """Run an installing command, with its output in a log; a failure shows the log's end.

    Raises `EnvironmentFailure` with `remedy` and the last lines of the log.
    """
    STATE.mkdir(exist_ok=True)
    log = STATE / f"{Path(argv[0]).name}-{os.getpid()}-{next(_NUMBERS)}.log"
    advice = f"{remedy} All of its output: {log.relative_to(ROOT)}"
    with _DISPLAY.shown(title, log):
        run(argv, timeout=timeout, remedy=advice, env=env, cwd=cwd, log=log)
    log.unlink(missing_ok=True)  # kept only after a failure


def note(text: str) -> None:
    """Write a permanent line, even while commands are shown live."""
    _DISPLAY.note(text)


def fingerprint(*parts: Path | str) -> str:
    """Return a hash of texts and of the contents of files."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode()
        digest.update(b"%d:" % len(content) + content)
    return digest.hexdigest()


def _last_line(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "".join(letter for letter in tail(text, 1) if letter.isprintable()).strip()
