"""The content of a tracker: tasks, items, and everything around them."""

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
    """Empty for the Definition of Ready, which is about every task."""
    kind: Kind
    text: str
    """Without the emoji that the team puts before it."""
    ticked: bool
    line: int
    """In the file, counted from 0."""

    @property
    def sha256(self) -> str:
        """Return the hash of the text: another one means that the item was reworded."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class Task:
    """One task with its fields as the team wrote them; empty where there is none."""

    id: str
    title: str
    status: str
    assignee: str
    epic: str
    points: str
    items: tuple[Item, ...]
    priority: str = ""
    """The heading that the task stands under: High Priority Tasks."""
    description: str = ""
    blockers: str = ""
    notes: tuple[str, ...] = ()
    technical: tuple[Checkbox, ...] = ()
    line: int = 0
    """Of its heading, counted from 0."""
    lines: tuple[tuple[str, int], ...] = ()
    """Where its fields stand, counted from 0: ("blockers", 45). Only those that are there."""

    def line_of(self, name: str) -> int | None:
        """Return the line of a field (status, points, priority …); None if it is not there."""
        return dict(self.lines).get(name)

    @property
    def in_sprint(self) -> bool:
        """Whether the team works on it now: everything that is not in the icebox."""
        return "icebox" not in self.status.lower()


@dataclass(frozen=True)
class Tracker:
    """The whole tracker."""

    title: str
    """Its first heading, or the name of its file."""
    tasks: tuple[Task, ...]
    source: bytes
    sha256: str
    ready: tuple[Item, ...] = ()
    """The Definition of Ready."""
    sprint: str = ""
    """The heading of the current sprint."""
    metrics: tuple[tuple[str, str], ...] = ()
    """Sprint metrics as the team wrote them: ("Total Story Points", "34")."""
    legend: tuple[tuple[str, str], ...] = ()
    """What the statuses mean: ("Blocked", "Cannot proceed due to dependencies")."""
    decisions: tuple[str, ...] = ()

    @property
    def items(self) -> tuple[Item, ...]:
        """Return all items of all tasks, in the tracker's order."""
        return tuple(item for task in self.tasks for item in task.items)
