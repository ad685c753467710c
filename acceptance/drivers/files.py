"""Lists and searches the files of a repository that git tracks or would track."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.process import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


@dataclass(frozen=True)
class FileScan:
    """Which files were read, and which of them hold what was searched for."""

    read: tuple[str, ...]
    holding: tuple[str, ...]


def tracked(root: Path, *, timeout: float) -> tuple[str, ...]:
    """Return the files that git tracks or would track in `root`, relative to it.

    Raises `EnvironmentFailure` if `root` is not a git working tree, or git is missing.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = run(command, cwd=root, timeout=timeout).stdout
    return tuple(dict.fromkeys(name for name in listed.split("\0") if name))


def scan(root: Path, names: Iterable[str], holds: Callable[[bytes], object]) -> FileScan:
    """Read the files `names` below `root`, and ask of each whether its content holds something."""
    read, holding = [], []
    for name in names:
        path = root / name
        if not path.is_file():  # deleted but not committed, or a submodule
            continue
        read.append(name)
        if holds(path.read_bytes()):
            holding.append(name)
    return FileScan(tuple(read), tuple(holding))
