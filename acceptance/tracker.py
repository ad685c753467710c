"""Reads the team's tracker: every box becomes an item with a stable id."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, TypeAlias

import ftfy
from markdown_it import MarkdownIt

from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from pathlib import Path

    from markdown_it.token import Token

Kind: TypeAlias = Literal["AC", "DOD"]

_TASK = re.compile(r"^(TASK-\d+): (.+)$")
_BOX = re.compile(r"^\[( |x|X)\] (.+)$", re.DOTALL)
_FIELD = re.compile(r"^\*\*(Status|Assignee|Epic|Story Points)\*\*: (.+)$")
_LISTS: dict[str, Kind] = {
    "**Acceptance Criteria**:": "AC",
    "**Definition of Done (DoD)**:": "DOD",
}
_TICK = re.compile("^[^\\w(\"'`]+ ")  # the emoji before the text of a box


@dataclass(frozen=True)
class Item:
    """One box: an acceptance criterion (AC) or a Definition-of-Done item (DOD)."""

    id: str
    task: str
    kind: Kind
    text: str
    """Without the emoji that the team puts before it."""
    ticked: bool
    line: int
    """In the file, counted from 0."""


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


@dataclass(frozen=True)
class Tracker:
    """The whole tracker."""

    title: str
    """Its first heading, or the name of its file."""
    tasks: tuple[Task, ...]
    source: bytes
    sha256: str

    @property
    def items(self) -> tuple[Item, ...]:
        """Return all items, in the tracker's order."""
        return tuple(item for task in self.tasks for item in task.items)


def parse(path: Path) -> Tracker:
    """Read the tracker at `path`.

    Raises `BrokenInput` when it is missing, empty, not UTF-8, names a task twice, or has no item.
    """
    try:
        source = path.read_bytes()
    except OSError as error:
        message = f"The tracker {path} cannot be read: {error.strerror}. Try: the tracker setting."
        raise BrokenInput(message) from error
    if not source.strip():
        raise BrokenInput(f"The tracker {path} is empty. Try: git checkout {path.name}")
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"The tracker {path} is not UTF-8 (byte {error.start}). Try: save it as UTF-8."
        raise BrokenInput(message) from error
    tokens = MarkdownIt().parse(text)
    tasks = _tasks(tokens)
    names = [task.id for task in tasks]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BrokenInput(f"The tracker {path} has {', '.join(twice)} twice. Try: rename one.")
    title = next((after.content for token, after in pairwise(tokens) if token.tag == "h1"), "")
    digest = hashlib.sha256(source).hexdigest()
    tracker = Tracker(title or path.name, tuple(tasks), source, digest)
    if not tracker.items:
        raise BrokenInput(
            f"The tracker {path} has no item: no task has a list of boxes under "
            "**Acceptance Criteria**: or **Definition of Done (DoD)**:."
        )
    return tracker


def _tasks(tokens: list[Token]) -> list[Task]:  # noqa: C901 (one pass over a flat document)
    tasks: list[Task] = []
    heading = inside = ""
    fields: dict[str, str] = {}
    items: list[Item] = []
    kind: Kind | None = None

    def close() -> None:
        found = _TASK.match(heading)
        if found:
            names = ("Status", "Assignee", "Epic", "Story Points")
            status, assignee, epic, points = (fields.get(name, "") for name in names)
            own = tuple(items)
            tasks.append(Task(found[1], found[2], status, assignee, epic, points, own))

    for token in tokens:
        if token.type == "heading_open":
            close()
            heading, fields, items, kind = "", {}, [], None
            inside = "heading"
        elif token.type == "paragraph_open":
            inside = "paragraph"
        elif token.type == "inline":
            content = ftfy.fix_text(token.content)
            found = _TASK.match(heading)
            if inside == "heading":
                heading, inside = content, ""
            elif found is None:
                continue
            elif field := _FIELD.match(content):
                fields[field[1]] = field[2]
            elif (box := _BOX.match(content)) is not None:
                if kind is not None:
                    number = sum(item.kind == kind for item in items) + 1
                    assert token.map is not None
                    items.append(
                        Item(
                            id=f"{found[1]}-{kind}-{number}",
                            task=found[1],
                            kind=kind,
                            text=_TICK.sub("", box[2]).strip(),
                            ticked=box[1] != " ",
                            line=token.map[0],
                        )
                    )
            elif content.startswith("**"):
                kind = _LISTS.get(content.strip())
    close()
    return tasks
