"""Judges the Definition of Ready for each task, from the tracker's text alone. Pure.

A line is recognised by its words. It is met only by a text of the tracker, which the reason quotes
with its line number. What no tracker can show (an agreement, free time) is unverified.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from acceptance.readiness.placeholders import placeholder_reason
from acceptance.readiness.tracker.blocks import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from acceptance.readiness.tracker import Item, Task, Tracker
    from acceptance.readiness.verdict import VerdictWord

_NONE = re.compile(
    r"(?:none|nothing|n/?a|-|no(?:ne)? (?:blockers?|dependencies))"
    r"(?: (?:currently|known|identified|so far|yet|now|at the moment|at present))?\.?",
    re.IGNORECASE,
)
_REFERENCES = re.compile(
    r"(?:(?:requires?|needs?|depends on|blocked by|waits? for|after|and|the|completions?|of|"
    r"to be|completed|done)\b|[\s,;.:+&])*",
    re.IGNORECASE,
)
_ID = re.compile(r"\b[A-Z][A-Z0-9_]*-\d+\b")
_DONE = frozenset({"done", "complete", "completed", "closed", "finished"})
_SIZE = re.compile(
    r"\d+(?:[.,]\d+)?\s*(?:points?|pts?|sp|h|hours?|d|days?)?|x{0,2}[sl]|m", re.IGNORECASE
)
_RANK = re.compile(
    r"\b(?:priority|critical|highest|high|medium|normal|low|lowest|urgent|must|should|could|p[0-5])\b",
    re.IGNORECASE,
)

_Assessment: TypeAlias = "tuple[VerdictWord, str]"


@dataclass(frozen=True)
class ReadyVerdict:
    """The verdict on one line of the Definition of Ready for one task, with its reason."""

    task: str
    verdict: VerdictWord
    reason: str


@dataclass(frozen=True)
class ReadyLine:
    """One line of the Definition of Ready, with a verdict for every task."""

    item: Item
    verdicts: tuple[ReadyVerdict, ...]


def check_definition_of_ready(
    tracker: Tracker, covered: Mapping[str, int]
) -> tuple[ReadyLine, ...]:
    """Return each line of the Definition of Ready with its verdicts, in the tracker's order.

    `covered` is the number of scenarios of each item.
    """
    facts = _Facts({task.id: task for task in tracker.tasks}, covered)
    return tuple(
        ReadyLine(
            item,
            tuple(
                ReadyVerdict(task.id, *_assess(facts, item.text, task)) for task in tracker.tasks
            ),
        )
        for item in tracker.ready
    )


@dataclass(frozen=True)
class _Facts:
    """The facts besides the task itself that a check may use."""

    tasks: Mapping[str, Task]
    covered: Mapping[str, int]


def _assess(facts: _Facts, text: str, task: Task) -> _Assessment:
    subjects = [assess for words, assess in _SUBJECTS if re.search(words, text, re.IGNORECASE)]
    if not subjects:
        return "unverified", "no check is known for this line"
    if len(subjects) > 1:
        return (
            "unverified",
            "the line is about several things; write one line for each",
        )
    return subjects[0](facts, text, task)


def _requirements(_: _Facts, __: str, task: Task) -> _Assessment:
    criteria = _criteria(task)
    if not task.description:
        return "unmet", f"the task (line {task.line + 1}) has no description"
    for what, text, line in (
        ("the description", task.description, task.line_of("description") or task.line),
        *((item.id, item.text, item.line) for item in criteria),
    ):
        if placeholder_reason(text):
            return "unmet", f'{what} in line {line + 1} is left open: "{text}"'
    return "met", f"{_stands(task, 'description')}, and {_counted(criteria)}"


def _testable(facts: _Facts, _: str, task: Task) -> _Assessment:
    criteria = _criteria(task)
    for item in criteria:
        if placeholder_reason(item.text):
            return "unmet", f'{item.id} in line {item.line + 1} is left open: "{item.text}"'
    without = [item for item in criteria if not facts.covered.get(item.id)]
    if without:
        first = f"{without[0].id} in line {without[0].line + 1}"
        count = f"{len(without)} of {_counted(criteria)}"
        return "unverified", f"{count} have no scenario, first {first}"
    scenarios = sum(facts.covered[item.id] for item in criteria)
    return "met", f"{_counted(criteria)}, each with a scenario, {scenarios} in all"


def _dependencies(facts: _Facts, _: str, task: Task) -> _Assessment:
    text = task.blockers
    if task.line_of("blockers") is None or not text:
        return "unverified", f"the task (line {task.line + 1}) does not mention blockers"
    stands = _stands(task, "blockers")
    if _NONE.fullmatch(text):
        return "met", stands
    named = list(dict.fromkeys(_ID.findall(text)))
    if not named:
        return "unmet", f"{stands}, and nothing in the tracker says that this is resolved"
    return _resolved(facts, text, named, stands)


def _resolved(facts: _Facts, text: str, named: Sequence[str], stands: str) -> _Assessment:
    for name in named:
        other = facts.tasks.get(name)
        if other is not None and plain(other.status).lower() not in _DONE:
            status = _stands(other, "status") if other.status else "it has no status"
            return "unmet", f"{stands}, and {name} is not done: {status}"
    strangers = [name for name in named if name not in facts.tasks]
    if strangers:
        return "unverified", f"{stands}, and {strangers[0]} is not in this tracker"
    if not _REFERENCES.fullmatch(_ID.sub("", text)):
        return "unverified", f"{stands}: its tasks are done, and the rest is free text"
    done = "; ".join(f"{name}: {_stands(facts.tasks[name], 'status')}" for name in named)
    return "met", f"{stands}, and that is done ({done})"


def _approach(_: _Facts, __: str, task: Task) -> _Assessment:
    listed = "it lists no technical tasks"
    if task.technical:
        lines = _lines([box.line for box in task.technical])
        listed = f"it lists {len(task.technical)} technical tasks ({lines})"
    return "unverified", f"{listed}, and a tracker does not show who agreed to them"


def _resources(_: _Facts, __: str, task: Task) -> _Assessment:
    named = _stands(task, "assignee") if task.assignee else "no person is assigned"
    return (
        "unverified",
        f"{named}, and a tracker does not show who and what is available",
    )


def _planned(_: _Facts, text: str, task: Task) -> _Assessment:
    wanted = []
    if re.search("estimat|story point|sized", text, re.IGNORECASE):
        wanted.append(("points", task.points, "estimate", _SIZE.fullmatch(task.points.strip())))
    if re.search("prioriti|ranked", text, re.IGNORECASE):
        wanted.append(("priority", task.priority, "priority", _RANK.search(task.priority)))
    for name, value, what, good in wanted:
        if not value:
            return "unmet", f"the task (line {task.line + 1}) has no {what}"
        if not good:
            return "unmet", f"{_stands(task, name)}, which is not a valid {what}"
    return "met", " and ".join(_stands(task, name) for name, *_ in wanted)


_SUBJECTS: Sequence[tuple[str, Callable[[_Facts, str, Task], _Assessment]]] = (
    (r"\brequirements?\b", _requirements),
    (r"\bcriteria\b|\bcriterion\b|\btestable\b", _testable),
    (r"\bdependenc|\bblockers?\b|\bdepends\b", _dependencies),
    (r"\bapproach\b|\barchitecture\b", _approach),
    (r"\bresources?\b", _resources),
    (r"\bestimat|\bprioriti|\bstory points?\b|\bsized\b|\branked\b", _planned),
)
"""The checks, by the words of a line. "Required resources" is not a line about requirements."""


def _criteria(task: Task) -> list[Item]:
    return [item for item in task.items if item.kind == "AC"]


def _stands(task: Task, field: str) -> str:
    """Return the line and the text of a field, as the proof that it exists."""
    line, value = task.line_of(field), getattr(task, field)
    return f'line {(task.line if line is None else line) + 1} says "{value}"'


def _counted(items: Sequence[Item]) -> str:
    what = "criterion" if len(items) == 1 else "criteria"
    return f"{len(items)} acceptance {what} ({_lines([item.line for item in items])})"


def _lines(lines: Sequence[int]) -> str:
    first, last = lines[0] + 1, lines[-1] + 1
    return f"line {first}" if first == last else f"lines {first} to {last}"
