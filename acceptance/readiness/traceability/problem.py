"""What does not fit between the tracker, the features and the steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

ProblemKind: TypeAlias = Literal[
    "no-features",  # there is nothing to check
    "unreadable",  # a feature file, or the text of a step definition
    "wording",  # a Rule's wording differs from the tracker
    "unknown-id",  # a tag names what the tracker does not have
    "item-tag",  # a Rule names no item, or several, or one of another task; or a scenario names one
    "covered-twice",  # two Rules for one item
    "empty-rule",  # a Rule without a scenario
    "outside-rule",  # a scenario under no Rule
    "no-then",
    "when",  # more or fewer than one
    "duplicate-name",  # in the whole suite
    "examples",  # an outline without examples, or with a name that they do not give
    "reserved-tag",  # a tag that pytest itself obeys
    "undefined-step",
    "ambiguous-step",
    "unused-step",
]


@dataclass(frozen=True)
class TraceabilityProblem:
    """One thing to repair, with its place."""

    path: Path
    line: int
    """Counted from 1."""
    kind: ProblemKind
    sentence: str
    """Cause and remedy."""

    def __str__(self) -> str:
        """Return it in the form that editors can open."""
        return f"{self.path}:{self.line}: {self.sentence}"
