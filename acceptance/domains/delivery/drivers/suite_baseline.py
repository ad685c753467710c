"""Reads how many tests each suite declared since the last release, and the reviewed exceptions."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acceptance.toml_file import Count, Day, Text, read_toml

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.drivers.git import Repository

FILE = "checkout/test-suites.toml"


@dataclass(frozen=True)
class ReductionException:
    """A reviewed exception for tests that are skipped, or that are no longer there."""

    suite: Text
    reason: Text
    approved_by: Text
    expires: Day
    """The last day on which it counts."""
    tests: str = ""
    """Which of the skipped tests it is for: a name, or a pattern of the shell."""
    fewer: Count = 0
    """How many tests may be missing."""

    def __str__(self) -> str:
        """Name it so that somebody finds it in the file."""
        return f"{self.suite}, {self.tests or f'{self.fewer} fewer'}"


@dataclass(frozen=True)
class DeclaredNumber:
    """How many tests a suite has to have."""

    suite: str
    tests: int
    commit: str
    """Where that was declared; empty for the file as it is now."""


@dataclass(frozen=True)
class SuiteBaseline:
    """What the suites have to have."""

    release: str
    """The tag of the last release; empty if there is none."""
    shallow: bool
    """Whether the history was cut off, so that a higher number may be missing."""
    numbers: tuple[DeclaredNumber, ...]
    """The highest number of each suite since the last release, so that lowering one is seen."""
    exceptions: tuple[ReductionException, ...]

    def number(self, suite: str) -> DeclaredNumber | None:
        """Return the number of a suite; None if it was never declared."""
        return next((each for each in self.numbers if each.suite == suite), None)


@dataclass(frozen=True)
class _SuitesFile:
    tests: dict[Text, Count] = field(default_factory=dict)
    exception: tuple[ReductionException, ...] = ()


def read_baseline(root: Path, repository: Repository) -> SuiteBaseline:
    """Return what the file says now, and the numbers that it had since the last release.

    Raises `BrokenInput` for a file that cannot be read now: what cannot be read excuses nothing;
    `EnvironmentFailure` if there is no git history.
    """
    now = _SuitesFile()
    if (root / FILE).is_file():
        now = read_toml(root / FILE, _SuitesFile, name=FILE, remedy=f"Try: git checkout {FILE}")
    numbers = [DeclaredNumber(suite, tests, "") for suite, tests in now.tests.items()]
    for commit, text in repository.versions(FILE):
        numbers += [DeclaredNumber(suite, tests, commit) for suite, tests in _tests(text)]
    highest: dict[str, DeclaredNumber] = {}
    for each in numbers:
        known = highest.get(each.suite)
        if known is None or each.tests > known.tests:
            highest[each.suite] = each
    return SuiteBaseline(
        repository.release(), repository.shallow(), tuple(highest.values()), now.exception
    )


def _tests(text: str) -> list[tuple[str, int]]:
    """Return the numbers of an older version, which may have been written in another form."""
    try:
        found = tomllib.loads(text).get("tests")
    except tomllib.TOMLDecodeError:
        return []
    table = found if isinstance(found, dict) else {}
    return [(suite, tests) for suite, tests in table.items() if isinstance(tests, int)]
