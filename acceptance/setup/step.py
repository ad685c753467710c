"""One installing command with its log: shown live on a terminal, as plain lines elsewhere."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from acceptance.process import run, tail

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".make"
"""Logs of what was installed, git-ignored."""

_REFRESH_SECONDS = 0.2
_TAIL_BYTES = 4096


def install_with(
    title: str,
    argv: Sequence[str | Path],
    *,
    timeout: float,
    remedy: str,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
) -> None:
    """Run an installing command; its output goes to a log, of which a failure shows the end.

    Raises `EnvironmentFailure` with `remedy` and the last lines of the log.
    """
    STATE.mkdir(exist_ok=True)
    log = STATE / f"{Path(argv[0]).name}-{os.getpid()}.log"
    advice = f"{remedy} All of its output: {log.relative_to(ROOT)}"
    with _shown(title, log):
        run(argv, timeout=timeout, remedy=advice, env=env, cwd=cwd, log=log)
    log.unlink(missing_ok=True)  # kept only where somebody has to read it


def fingerprint(*parts: Path | str) -> str:
    """Return a hash of texts and of the contents of files."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode()
        digest.update(b"%d:" % len(content) + content)
    return digest.hexdigest()


@contextmanager
def _shown(title: str, log: Path, stream: IO[str] = sys.stderr) -> Iterator[None]:
    started = time.monotonic()
    over = threading.Event()
    painter: threading.Thread | None = None
    if stream.isatty():
        painter = threading.Thread(target=_paint, args=(title, log, over, stream), daemon=True)
        painter.start()
    else:
        print(f"{title} …", file=stream, flush=True)
    result = "failed"
    try:
        yield
        result = "done"
    finally:
        over.set()
        if painter is not None:
            painter.join()
        seconds = time.monotonic() - started
        print(f"{title}: {result} after {seconds:.0f} s", file=stream, flush=True)


def _paint(title: str, log: Path, over: threading.Event, stream: IO[str]) -> None:
    started = time.monotonic()
    while not over.wait(_REFRESH_SECONDS):
        width = shutil.get_terminal_size().columns - 1
        line = f"{title} … {time.monotonic() - started:.0f} s  {_last_line(log)}"
        print(f"\r\033[K{line[:width]}", end="", file=stream, flush=True)
    print("\r\033[K", end="", file=stream, flush=True)


def _last_line(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "".join(letter for letter in tail(text, 1) if letter.isprintable()).strip()
