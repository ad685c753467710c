"""Recognises the labels of a tracker: names of tasks, fields, lists and sections."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, NoReturn

from acceptance.errors import BrokenInput
from acceptance.readiness.tracker.blocks import plain

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.readiness.tracker.model import Kind

_ID = r"[A-Z][A-Z0-9_]*-\d+"
_TASK = re.compile(
    rf"(?:\[({_ID})\]\s*:?|[*_]*({_ID})[*_]*(?:\s*[:–—]|\s+-(?=\s)|\s*$))\s*(.*)", re.DOTALL
)
_BOLD = re.compile(
    r"(?:\*\*|__)([^*_]+?)(?::\s*(?:\*\*|__)|(?:\*\*|__)\s*:|(?:\*\*|__)$)\s*(.*)", re.DOTALL
)
_PLAIN = re.compile(r"([A-Za-z][A-Za-z /()-]{1,40}):\s*(.*)", re.DOTALL)
_BRACKETS = re.compile(r"\([^()]*\)")
_LIKE_A_BOX = re.compile(
    r"^[ \t]*(?:(?:[-*+]|\d+[.)])[ \t]+)?\[[ \t]*(?:[^\w\s]|[xX])?[ \t]*\](?=\s|$)", re.MULTILINE
)

LISTS: dict[str, Kind] = {
    "acceptance criteria": "AC",
    "acceptance criterion": "AC",
    "criteria": "AC",
    "definition of done": "DOD",
    "dod": "DOD",
}
"""The lists of a task whose boxes are items."""

FIELDS = {
    "status": "status",
    "state": "status",
    "assignee": "assignee",
    "assigned to": "assignee",
    "owner": "assignee",
    "epic": "epic",
    "story points": "points",
    "points": "points",
    "estimate": "points",
    "priority": "priority",
    "description": "description",
    "blockers": "blockers",
    "blocked by": "blockers",
    "dependencies": "blockers",
    "depends on": "blockers",
    "notes": "notes",
}
"""The fields of a task, by the names that teams use."""

READY = ("definition of ready", "dor")
KNOWN = frozenset({*LISTS, *FIELDS, *READY, "technical tasks", "tasks", "subtasks"})
"""All names that begin a part of a task, in any place."""

_MISSPELT = (
    0.8  # "acceptence criterias" is 0.92 like "acceptance criteria", "acceptance tests" 0.74
)


def task_of(heading: str) -> tuple[str, str] | None:
    """Return id and title of a heading that names a task, like "ABC-12: Title"; else None.

    "UTF-8 everywhere" names no task, because no separator follows "UTF-8".
    """
    found = _TASK.fullmatch(plain(heading))
    if found is None:
        return None
    name = found[1] or found[2]
    return name, found[3].strip(" *_") or name


def label_of(text: str) -> tuple[str, str] | None:
    """Return name and value of "**Name**: value"; without stars only if the name is known."""
    text = plain(text)
    found = _BOLD.fullmatch(text)
    if found is not None:
        return name_of(found[1]), found[2].strip()
    found = _PLAIN.fullmatch(text)
    if found is not None and name_of(found[1]) in KNOWN:
        return name_of(found[1]), found[2].strip()
    return None


def name_of(text: str) -> str:
    """Return a heading or label in the form for comparison: no emoji, brackets or capitals."""
    return " ".join(_BRACKETS.sub(" ", plain(text)).strip(" :*_#").lower().split())


def misspelt(name: str) -> str | None:
    """Return the list of items that a label was probably meant to be; None if it is another."""
    near = difflib.get_close_matches(name, [*LISTS, *READY], 1, _MISSPELT)
    return near[0].title().replace(" Of ", " of ") if near else None


def almost_a_box(text: str) -> int | None:
    """Return the first line of a text that only looks like a checkbox; None if there is none.

    This is `[]`, `[-]`, or a box that is not a list item (in Markdown, a list that begins with 2
    cannot interrupt a text). Without this check, such a promise would be lost.
    """
    found = _LIKE_A_BOX.search(text)
    return None if found is None else text.count("\n", 0, found.end())


def broken(path: Path, line: int, sentence: str) -> NoReturn:
    """Raise `BrokenInput` for a line, counted from 0, in the form that editors can open."""
    raise BrokenInput(f"{path}:{line + 1}: {sentence}")
