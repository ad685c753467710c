"""Reads how many tests each suite has to have, and the reviewed exceptions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from acceptance.errors import BrokenInput
from acceptance.toml_file import Count, Day, Text, read_toml
from operations.pipeline.parts import DECLARED

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

_LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class ReviewedException:
    """A reviewed exception for tests that are skipped or missing."""

    suite: Text
    reason: Text
    approved_by: Text
    expires: Day
    """The last day on which it counts."""
    tests: str = ""
    """A name, or a pattern of the shell."""
    fewer: Count = 0
    """How many tests may be missing."""

    def covers(self, name: str) -> bool:
        """Return whether it is for the test of this name."""
        return bool(self.tests) and (name == self.tests or fnmatchcase(name, self.tests))


@dataclass(frozen=True)
class Declared:
    """What one suite has to have."""

    tests: int
    exceptions: tuple[ReviewedException, ...]
    """Those that count today."""

    @property
    def fewer(self) -> int:
        """How many tests may be missing."""
        return sum(each.fewer for each in self.exceptions)

    def excuses(self, name: str) -> bool:
        """Return whether the test of this name may be missing or skipped."""
        return any(each.covers(name) for each in self.exceptions)


@dataclass(frozen=True)
class _File:
    tests: dict[Text, Count] = field(default_factory=dict)
    exception: tuple[ReviewedException, ...] = ()


def read_declared(root: Path, suite: str, today: date) -> Declared:
    """Return what `suite` has to have.

    Raises `BrokenInput` when nobody declared it: what is not declared cannot be missed.
    """
    found = read_toml(root / DECLARED, _File, name=DECLARED, remedy=f"Try: git checkout {DECLARED}")
    if suite not in found.tests:
        raise BrokenInput(f"{DECLARED} does not say how many tests the suite {suite} has.")
    valid = (each for each in found.exception if today <= each.expires <= today + _LONGEST)
    return Declared(found.tests[suite], tuple(each for each in valid if each.suite == suite))
