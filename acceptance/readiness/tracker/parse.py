"""Reads the team's tracker: every box becomes an item with a stable id.

docs/adr/0006-tracker-format.md describes the format, and which files are refused.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from acceptance.errors import BrokenInput
from acceptance.readiness.tracker.blocks import NestedTooDeep, blocks, plain
from acceptance.readiness.tracker.labels import READY, broken, name_of, task_of
from acceptance.readiness.tracker.model import Tracker
from acceptance.readiness.tracker.task_reader import TaskReader, item_of, refuse_odd_boxes

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.readiness.tracker.blocks import Block
    from acceptance.readiness.tracker.model import Item, Task

_MEANS = re.compile(r"\s+[-–—]\s+|:\**\s+")


def parse(path: Path) -> Tracker:
    """Read the tracker at `path`.

    Raises `BrokenInput` with file, line and remedy when it cannot be read, is not a tracker, has a
    duplicate id, a task without criteria, or a box outside of any task.
    """
    try:
        source = path.read_bytes()
    except OSError as error:
        message = f"The tracker {path} cannot be read: {error.strerror}. Try: the tracker setting."
        raise BrokenInput(message) from error
    return parse_bytes(source, path)


def parse_bytes(source: bytes, path: Path) -> Tracker:
    """Read a tracker from bytes, as `parse` does; `path` is only used in error messages."""
    if not source.strip():
        raise BrokenInput(f"The tracker {path} is empty. Try: git checkout {path.name}")
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"The tracker {path} is not UTF-8 (byte {error.start}). Try: save it as UTF-8."
        raise BrokenInput(message) from error
    reader = _TrackerReader(path)
    try:
        for block in blocks(text):
            reader.take(block)
    except NestedTooDeep as error:
        broken(path, error.line, "This is nested too deeply. Try: fewer levels.")
    reader.close()
    if not reader.tasks:
        message = "This is not a tracker: no heading names a task."
        broken(path, 0, f'{message} Try: "#### TASK-001: What is to be done".')
    return Tracker(
        title=reader.title or path.name,
        tasks=tuple(reader.tasks),
        source=source,
        sha256=hashlib.sha256(source).hexdigest(),
        ready=tuple(reader.ready),
        sprint=reader.sprint,
        metrics=tuple(reader.metrics),
        legend=tuple(reader.legend),
        decisions=tuple(reader.decisions),
    )


class _TrackerReader:
    """Collects the tasks and the text outside of them, block by block."""

    def __init__(self, path: Path) -> None:
        self.title = ""
        self.sprint = ""
        self.tasks: list[Task] = []
        self.ready: list[Item] = []
        self.metrics: list[tuple[str, str]] = []
        self.legend: list[tuple[str, str]] = []
        self.decisions: list[str] = []
        self._path = path
        self._draft: TaskReader | None = None
        self._above: list[Block] = []
        """The headings above the current block, outermost first."""
        self._seen: dict[str, int] = {}

    def take(self, block: Block) -> None:
        """Process the next block of the file."""
        if block.level:
            self._take_heading(block)
        elif self._draft is not None:
            self._draft.take(block)
        elif any(name_of(each.text) in READY for each in self._above):
            self._take_ready(block)
        elif block.ticked is not None:
            message = "This box belongs neither to a task nor to the Definition of Ready."
            broken(
                self._path, block.line, f"{message} Try: move it below a task, or delete the box."
            )
        elif block.listed and self._above:
            self._take_fact(block, name_of(self._above[-1].text))

    def close(self) -> None:
        """End the current task, if there is one."""
        if self._draft is not None:
            task, self._draft = self._draft.finish(), None
            self.tasks.append(task)

    def _take_heading(self, block: Block) -> None:
        name = task_of(block.text)
        if name is None and self._draft is not None and block.level > self._draft.level:
            self._draft.take(block)
            return
        self.close()
        while self._above and self._above[-1].level >= block.level:
            self._above.pop()
        if name is not None:
            self._register(name[0], block.line)
            self._draft = TaskReader(self._path, block, name, self._priority())
        elif not self.title and block.level == 1:
            self.title = plain(block.text)
        elif not self.sprint and _is_sprint(name_of(block.text)):
            self.sprint = plain(block.text)
        self._above.append(block)

    def _register(self, name: str, line: int) -> None:
        if name in self._seen:
            first = self._seen[name] + 1
            message = f"{name} appears twice (first in line {first})."
            broken(self._path, line, f"{message} Try: give one of them another number.")
        if name.startswith("DOR-"):
            message = f"{name} is the name of a Definition-of-Ready line."
            broken(self._path, line, f"{message} Try: another prefix for the task.")
        self._seen[name] = line

    def _priority(self) -> Block | None:
        """Return the nearest heading above, except the title and the sprint."""
        for block in reversed(self._above):
            name = plain(block.text)
            if task_of(name) is None and name not in {self.title, self.sprint}:
                return block
        return None

    def _take_ready(self, block: Block) -> None:
        if block.ticked is None:
            refuse_odd_boxes(self._path, block)
        else:
            self.ready.append(item_of(self._path, block, "", "DOR", len(self.ready) + 1))

    def _take_fact(self, block: Block, section: str) -> None:
        text = plain(block.text)
        if "legend" in section:
            word, meaning, *_ = (*_MEANS.split(text, maxsplit=1), "")
            self.legend.append((word.strip("*_: "), meaning))
        elif "metrics" in section:
            name, colon, value = text.replace("**", "").partition(":")
            if colon:
                self.metrics.append((name.strip(), value.strip()))
        elif "decisions" in section:
            self.decisions.append(text.replace("**", ""))


def _is_sprint(name: str) -> bool:
    return name.startswith(("current sprint", "sprint")) and "metrics" not in name
