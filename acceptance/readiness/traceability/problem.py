"""Describes a mismatch between the tracker, the features and the steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

ProblemKind: TypeAlias = Literal[
    "no-features",  # there are no features
    "unreadable",  # a feature file or a step definition cannot be read
    "wording",  # a Rule's wording differs from the tracker
    "unknown-id",  # a tag names nothing in the tracker
    "item-tag",  # a Rule or a scenario names an item that it cannot be about
    "no-rule",  # a scenario names an item that has no Rule with a scenario
    "covered-twice",  # two Rules for one item
    "empty-rule",  # a Rule without a scenario
    "outside-rule",  # a scenario outside of any Rule
    "no-then",
    "when",  # more or fewer than one When
    "duplicate-name",  # the same name twice in the suite
    "examples",  # an outline without examples, or with a placeholder that they do not have
    "reserved-tag",  # a tag with a meaning for pytest itself
    "undefined-step",
    "ambiguous-step",
    "unused-step",
]


@dataclass(frozen=True)
class TraceabilityProblem:
    """One problem with its place."""

    path: Path
    line: int
    """The line, counted from 1."""
    kind: ProblemKind
    sentence: str
    """The cause and the remedy."""

    def __str__(self) -> str:
        """Return the problem in the form `path:line: sentence`, which editors can open."""
        return f"{self.path}:{self.line}: {self.sentence}"
