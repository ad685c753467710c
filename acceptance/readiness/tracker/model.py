"""Defines the content of a tracker: tasks, items, and the sprint."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["AC", "DOD", "DOR"]
"""Acceptance criterion, Definition of Done, Definition of Ready."""


@dataclass(frozen=True)
class Checkbox:
    """A box that is not an item: a technical task."""

    text: str
    ticked: bool
    line: int
    """In the file, counted from 0."""


@dataclass(frozen=True)
class Item:
    """One box: an acceptance criterion, a Definition-of-Done or a Definition-of-Ready item."""

    id: str
    task: str
    """The id of the task; empty for the Definition of Ready, which applies to every task."""
    kind: Kind
    text: str
    """The text without the team's leading emoji."""
    ticked: bool
    line: int
    """In the file, counted from 0."""

    @property
    def sha256(self) -> str:
        """Return the hash of the text, which changes when the item is reworded."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class Task:
    """One task, with its fields in the team's words; a missing field is empty."""

    id: str
    title: str
    status: str
    assignee: str
    epic: str
    points: str
    items: tuple[Item, ...]
    priority: str = ""
    """The heading above the task, such as High Priority Tasks."""
    description: str = ""
    blockers: str = ""
    notes: tuple[str, ...] = ()
    technical: tuple[Checkbox, ...] = ()
    line: int = 0
    """The line of its heading, counted from 0."""
    lines: tuple[tuple[str, int], ...] = ()
    """The lines of its fields, counted from 0: ("blockers", 45)."""

    def line_of(self, name: str) -> int | None:
        """Return the line of a field (status, points, priority …); None if it is missing."""
        return dict(self.lines).get(name)

    @property
    def in_sprint(self) -> bool:
        """Whether the task is in the sprint, which means outside of the icebox."""
        return "icebox" not in self.status.lower()


@dataclass(frozen=True)
class Tracker:
    """The whole tracker."""

    title: str
    """The first heading, or the name of the file."""
    tasks: tuple[Task, ...]
    source: bytes
    sha256: str
    ready: tuple[Item, ...] = ()
    """The Definition of Ready."""
    sprint: str = ""
    """The heading of the current sprint."""
    metrics: tuple[tuple[str, str], ...] = ()
    """The sprint metrics in the team's words: ("Total Story Points", "34")."""
    legend: tuple[tuple[str, str], ...] = ()
    """The meaning of each status: ("Blocked", "Cannot proceed due to dependencies")."""
    decisions: tuple[str, ...] = ()

    @property
    def items(self) -> tuple[Item, ...]:
        """Return all items of all tasks, in the tracker's order."""
        return tuple(item for task in self.tasks for item in task.items)
