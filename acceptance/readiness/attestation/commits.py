"""Asks git how old a statement's commit is, and what changed since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.errors import EnvironmentFailure
from acceptance.process import run

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class CommitDistance:
    """The distance of a commit from the current one (HEAD)."""

    beside: int
    """Commits that only the other one contains: more than 0 means another branch."""
    behind: int
    """Commits that only the current one contains: those made since."""


class Commits:
    """Asks git for the history of the repository at a folder."""

    def __init__(self, folder: Path, *, timeout: float) -> None:
        """Ask about `folder`; `timeout` is in seconds, for each git command."""
        self._folder = folder
        self._timeout = timeout

    def resolve(self, revision: str) -> str | None:
        """Return the full name of a commit; None if this repository does not have it."""
        asked = f"{revision}^{{commit}}"
        try:
            return self._git("rev-parse", "--verify", "--end-of-options", asked).strip()
        except EnvironmentFailure:
            return None

    def distance(self, commit: str) -> CommitDistance | None:
        """Return the distance of a commit from the current one; None if it is unknown."""
        if self.resolve(commit) != commit:
            return None
        try:
            counted = self._git("rev-list", "--left-right", "--count", f"{commit}...HEAD")
        except EnvironmentFailure:
            return None
        beside, behind = map(int, counted.split())
        return CommitDistance(beside, behind)

    def holds(self, commit: str, path: str) -> bool:
        """Return whether a commit has a file at `path` or below it."""
        return bool(self._git("ls-tree", "-r", "--name-only", "-z", commit, "--", path))

    def changed(self, commit: str, paths: tuple[str, ...]) -> tuple[str, ...]:
        """Return the files below `paths` that differ from `commit`, committed or not."""
        compare = ("diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", "--relative")
        listed = (
            self._git(*compare, commit, "HEAD", "--", *paths),
            self._git(*compare, commit, "--", *paths),
            self._git("ls-files", "--others", "--exclude-standard", "-z", "--", *paths),
        )
        return tuple(sorted({name for text in listed for name in text.split("\0") if name}))

    def uncommitted(self) -> tuple[str, ...]:
        """Return the files that differ from the current commit."""
        listed = self._git("status", "--porcelain=v1", "-z", "--no-renames")
        return tuple(entry[3:] for entry in listed.split("\0") if entry)

    def tracks(self, path: str) -> bool:
        """Return whether git tracks a file."""
        return bool(self._git("ls-files", "-z", "--", path))

    def _git(self, *arguments: str) -> str:
        # git must not read a star or a bracket in a path as a pattern.
        command = ["git", "--literal-pathspecs", "-c", "core.quotePath=false", *arguments]
        return run(command, cwd=self._folder, timeout=self._timeout).stdout
