"""Finds blocked tasks: those whose blockers name a task that is not ready."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ID = re.compile(r"\b[A-Z][A-Z0-9_]*-\d+\b")


def blocked_by(task: Mapping[str, Any], tasks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the ids of the tasks that a task waits for and that are not ready, each once."""
    waiting = {other["id"] for other in tasks if not other["ready"]} - {task["id"]}
    return [name for name in dict.fromkeys(_ID.findall(task["blockers"])) if name in waiting]


def strange_blockers(tasks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a sentence for each blocker that looks like a task and is not in the tracker."""
    known = {task["id"] for task in tasks}
    prefixes = {name.rpartition("-")[0] for name in known}
    return [
        f"{task['id']} is blocked by {name}, which is not in the tracker, so it "
        "is unknown whether that is resolved."
        for task in tasks
        for name in dict.fromkeys(_ID.findall(task["blockers"]))
        if name not in known and name.rpartition("-")[0] in prefixes
    ]
