"""Changes of files in a copy of the repository; one that changes nothing is a defect of ours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from acceptance.drivers import repository_copies

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 120.0


def copy_repository(root: Path, into: Path) -> Path:
    """Return a clone of the repository `root` in the folder `into`, as the scenarios make one."""
    return repository_copies.copy_repository(root, into, timeout=_SECONDS)


def replace(path: Path, old: str, new: str, *, once: bool = True) -> None:
    """Replace a text that the file has, and has a single time if `once`."""
    text = path.read_text(encoding="utf-8")
    found = text.count(old)
    assert found == 1 or (found and not once), f"{path.name} has {old!r} {found} times"
    path.write_text(text.replace(old, new), encoding="utf-8")


def substitute(path: Path, *changes: tuple[str, str]) -> None:
    """Replace every match of each pattern, of which there has to be one."""
    text = path.read_text(encoding="utf-8")
    for pattern, replacement in changes:
        text, count = re.subn(pattern, replacement, text)
        assert count, f"{path.name} has nothing like {pattern}"
    path.write_text(text, encoding="utf-8")


def append(path: Path, text: str) -> None:
    """Add a text at the end of a file."""
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def replace_in_commit(copy: Path, path: str, old: str, new: str) -> None:
    """Replace a text in a file of a copy of the repository, and commit that."""
    replace(copy / path, old, new)
    commit(copy, "Make it simpler")


def commit(copy: Path, message: str) -> None:
    """Commit everything that was changed in a copy of the repository."""
    repository_copies.commit_all(copy, message, timeout=_SECONDS)
