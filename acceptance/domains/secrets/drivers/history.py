"""Searches everything that a repository's history holds: files of all commits, and messages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.process import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_HEADER = re.compile(r"^([0-9a-f]{40,64}) (blob|commit|tag|tree) \d+$", re.MULTILINE)


@dataclass(frozen=True)
class SearchedHistory:
    """How much of the history was read, and which commits hold what was searched for."""

    objects: int
    shallow: bool
    """Whether the history was cut off when the repository was cloned."""
    holding: tuple[str, ...]
    """A commit that added or removed it, by its hash; the object's own for one of no commit."""


def search_history(
    root: Path, holds: Callable[[str], object], *, timeout: float
) -> SearchedHistory:
    """Ask of every object of the repository `root` whether its content `holds` something.

    `timeout` is in seconds. Raises `EnvironmentFailure` if git fails.
    """

    def git(*arguments: str) -> str:
        return run(["git", *arguments], cwd=root, timeout=timeout).stdout

    shallow = git("rev-parse", "--is-shallow-repository").strip() == "true"
    everything = git("cat-file", "--batch-all-objects", "--unordered", "--buffer", "--batch")
    headers = list(_HEADER.finditer(everything))
    holding: dict[str, None] = {}
    if holds(everything):
        ends = [*(header.start() for header in headers[1:]), len(everything)]
        for header, end in zip(headers, ends, strict=True):
            if not holds(everything[header.end() : end]):
                continue
            name = header[1]
            if header[2] != "commit":
                command = ("log", "--all", "--max-count=1", "--format=%H", f"--find-object={name}")
                name = git(*command).strip() or name
            holding[name[:12]] = None
    return SearchedHistory(len(headers), shallow, tuple(holding))
