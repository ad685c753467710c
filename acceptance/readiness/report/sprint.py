"""Compares the tracker's sprint metrics with the figures from the verdicts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from acceptance.readiness.tracker import Tracker

_FIGURES = {
    "total": "Total Story Points",
    "completed": "Completed Points",
    "in_progress": "In Progress Points",
}
_GOAL = "Sprint Goal"


def sprint_metrics(tracker: Tracker, tasks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the goal, the tracker's figures, the computed ones, and why they differ.

    The sprint is all tasks outside of the icebox. A task is completed when all of its items are met
    (a waived item is not met), and in progress when some are.
    """
    metrics = {name.casefold(): text for name, text in tracker.metrics}
    written = {key: metrics.get(name.casefold()) for key, name in _FIGURES.items()}
    told = {key: number_in(text) for key, text in written.items()}
    sprint = [task for task in tasks if task["in_sprint"]]
    groups = {
        "total": sprint,
        "completed": [task for task in sprint if _completed(task)],
        "in_progress": [task for task in sprint if task["met"] and not _completed(task)],
    }
    computed = {key: _points(group) for key, group in groups.items()}
    differences = [
        sentence
        for key, name in _FIGURES.items()
        if (sentence := _difference(name, written[key], told[key], computed[key], groups[key]))
    ]
    differences += [
        f"{task['id']} has no story points and counts as 0."
        for task in sprint
        if number_in(task["points"]) is None
    ]
    return {
        "goal": metrics.get(_GOAL.casefold(), ""),
        "tracker": told,
        "computed": computed,
        "differences": differences,
    }


def number_in(text: str | None) -> float | None:
    """Return the points of a field; None if it is not one number, such as a range."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:points?|pts?|sp)?\s*", text or "", re.IGNORECASE)
    return None if found is None else _number(float(found[1]))


def _completed(task: Mapping[str, Any]) -> bool:
    return bool(task["met"]) and not task["unmet"] and not task["unverified"]


def _points(tasks: Iterable[Mapping[str, Any]]) -> float:
    return _number(sum(number_in(task["points"]) or 0 for task in tasks))


def _number(value: float) -> float:
    return int(value) if value == int(value) else value


def _difference(
    name: str,
    written: str | None,
    told: float | None,
    computed: float,
    tasks: Sequence[Mapping[str, Any]],
) -> str:
    parts = ", ".join(f"{task['id']} ({task['points'] or 'none'})" for task in tasks)
    because = {
        _FIGURES["total"]: f"the tasks that are not in the icebox are {parts}",
        _FIGURES["completed"]: f"all items are met of {parts}"
        if parts
        else "no task of the sprint has all of its items met",
        _FIGURES["in_progress"]: f"some but not all items are met of {parts}"
        if parts
        else "no task of the sprint has only some of its items met",
    }[name]
    if told == computed:
        return ""
    if told is None:
        said = f"is “{written}”, which is not a number" if written else "is not in the tracker"
        return f"{name} {said}; it is {computed:g}: {because}."
    return f"{name}: the tracker says {told:g}, the verdicts say {computed:g}: {because}."
