"""Reads one task of the tracker, block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.readiness.tracker.blocks import plain
from acceptance.readiness.tracker.labels import (
    FIELDS,
    KNOWN,
    LISTS,
    READY,
    almost_a_box,
    broken,
    label_of,
    misspelt,
    name_of,
)
from acceptance.readiness.tracker.model import Checkbox, Item, Task

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.readiness.tracker.blocks import Block
    from acceptance.readiness.tracker.model import Kind


def item_of(path: Path, block: Block, task: str, kind: Kind, number: int) -> Item:
    """Return the item of a box; raises `BrokenInput` if it has no text."""
    text = plain(block.text)
    if not text:
        broken(path, block.line, "The box has no text. Try: write what it promises, or delete it.")
    refuse_odd_boxes(path, block)
    name = f"{task}-{kind}-{number}" if task else f"{kind}-{number}"
    return Item(name, task, kind, text, bool(block.ticked), block.line)


def refuse_odd_boxes(path: Path, block: Block) -> None:
    """Raise `BrokenInput` for text that looks like a checkbox to a person, but not in Markdown."""
    found = almost_a_box(block.text)
    if found is not None:
        message = 'This is not a box. Try: a separate list item that begins with "- [ ] ".'
        broken(path, block.line + found, message)


_LABEL = 7
"""The level of a label in bold: below the six levels of headings."""

_LONG = frozenset({"description", "blockers", "notes"})
"""Fields that may have several paragraphs and lists; the others are a word or two."""


class TaskReader:
    """Collects the blocks below the heading of a task."""

    def __init__(
        self, path: Path, heading: Block, name: tuple[str, str], parent: Block | None
    ) -> None:
        """Begin with the heading; `parent` is the heading above it, which may name the priority."""
        self.level = heading.level
        self._path = path
        self._line = heading.line
        self._id, self._title = name
        self._label, self._rank, self._by_item = "", _LABEL, False
        self._values: dict[str, list[str]] = {}
        self._lines: dict[str, int] = {}
        self._items: dict[Kind, list[Item]] = {"AC": [], "DOD": []}
        self._technical: list[Checkbox] = []
        self._parent = parent

    def take(self, block: Block) -> None:
        """Process the next block below the heading."""
        if block.level:
            self._begin(block, name_of(block.text))
        elif block.ticked is not None:
            self._take_box(block, ticked=block.ticked)
        else:
            for line, text in _parts(block):
                self._take_text(block, line, text)
            if self._label in LISTS:
                refuse_odd_boxes(self._path, block)

    def finish(self) -> Task:
        """Return the task; raises `BrokenInput` if it has no acceptance criterion."""
        if not self._items["AC"]:
            message = f"{self._id} has no acceptance criterion."
            remedy = 'Try: boxes ("- [ ] …") under **Acceptance Criteria**:.'
            broken(self._path, self._line, f"{message} {remedy}")
        if self._parent is not None and "priority" not in self._values:
            self._values["priority"] = [plain(self._parent.text)]
            self._lines["priority"] = self._parent.line
        notes = self._values.pop("notes", [])
        values = {name: " ".join(found) for name, found in self._values.items()}
        return Task(
            id=self._id,
            title=self._title,
            status=values.get("status", ""),
            assignee=values.get("assignee", ""),
            epic=values.get("epic", ""),
            points=values.get("points", ""),
            items=(*self._items["AC"], *self._items["DOD"]),
            priority=values.get("priority", ""),
            description=values.get("description", ""),
            blockers=values.get("blockers", ""),
            notes=tuple(notes),
            technical=tuple(self._technical),
            line=self._line,
            lines=tuple(self._lines.items()),
        )

    def _begin(self, block: Block, label: str) -> None:
        """Begin a part, unless it is a group within a list of criteria."""
        if label in READY:
            message = "The Definition of Ready applies to every task."
            broken(
                self._path, block.line, f"{message} Try: move it to a heading outside of the tasks."
            )
        rank = block.level or _LABEL
        group = label not in KNOWN and misspelt(label) is None
        if group and self._label in LISTS and rank > self._rank:
            return
        self._label, self._rank, self._by_item = label, rank, block.listed

    def _take_box(self, block: Block, *, ticked: bool) -> None:
        kind, field = LISTS.get(self._label), FIELDS.get(self._label)
        if kind is not None:
            own = self._items[kind]
            own.append(item_of(self._path, block, self._id, kind, len(own) + 1))
            return
        if not self._label or (field is not None and field not in {"blockers", "notes"}):
            message = f"This box of {self._id} is in no list."
            broken(self._path, block.line, f"{message} Try: **Acceptance Criteria**: above it.")
        meant = misspelt(self._label)
        if meant is not None and self._label not in KNOWN:
            message = f'This box is in the list "{self._label}", which is not a list of items.'
            broken(self._path, block.line, f"{message} Try: **{meant}**:, if that is meant.")
        self._technical.append(Checkbox(plain(block.text), ticked, block.line))
        if field == "blockers" and not ticked:
            self._keep(field, block.line, plain(block.text))

    def _take_text(self, block: Block, line: int, text: str) -> None:
        label = label_of(text)
        # "- **Status**: …" is a note under "**Notes**:", and a field beside "- **Epic**: …".
        begins = not block.listed or not self._label or self._by_item
        if label is not None and begins:
            name, value = label
            self._begin(block, name)
            field = FIELDS.get(name)
            if field is not None:
                self._keep(field, line, value)
            return
        field = FIELDS.get(self._label) if self._label else "description"
        if field is not None and (self._label or not block.listed):
            self._keep(field, line, plain(text))

    def _keep(self, field: str, line: int, value: str) -> None:
        self._lines.setdefault(field, line)
        found = self._values.setdefault(field, [])
        if value and (field in _LONG or not found):
            found.append(" ".join(value.split()))


def _parts(block: Block) -> list[tuple[int, str]]:
    """Return the parts of a paragraph that begin with a label, each with its line."""
    parts: list[tuple[int, str]] = []
    for number, text in enumerate(block.text.split("\n"), block.line):
        if not parts or label_of(text) is not None:
            parts.append((number, text))
        else:
            parts[-1] = (parts[-1][0], f"{parts[-1][1]}\n{text}")
    return parts
