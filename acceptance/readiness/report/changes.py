"""Finds what changed between two complete runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceptance.errors import BrokenInput
from acceptance.readiness.report.tally import shown
from acceptance.readiness.tracker import compare, parse_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.readiness.report.history import RunRecord
    from acceptance.readiness.tracker import Tracker

_BEFORE = Path("the tracker of the last run")

ABSENT = "absent"
"""The word for an item that the tracker did not have before, or does not have now."""


def changes(
    items: Sequence[Mapping[str, Any]], before: RunRecord | None, *, complete: bool
) -> dict[str, Any]:
    """Return the items whose verdict differs from the run `before`, with the current reason.

    A partial run cannot be compared, so its `since` is null.
    """
    if before is None or not complete:
        return {"since": None, "items": []}
    words = before.words
    found = [
        {"id": item["id"], "before": old, "after": shown(item), "reason": item["reason"]}
        for item in items
        if (old := words.get(item["id"], ABSENT)) != shown(item)
    ]
    here = {item["id"] for item in items}
    found += [
        {"id": name, "before": word, "after": ABSENT, "reason": "the tracker does not have it now"}
        for name, word in words.items()
        if name not in here
    ]
    return {"since": before.started, "items": found}


def tracker_changes(tracker: Tracker, before: bytes | None) -> list[dict[str, Any]]:
    """Return the items that were inserted, reworded, removed or renumbered since `before`.

    A reworded item counts as changed even if its verdict is the same.
    """
    if before is None:
        return []
    try:
        old = parse_bytes(before, _BEFORE)
    except BrokenInput:
        return []  # another version read it by other rules, so it cannot be compared
    return [
        {
            "kind": each.kind,
            "id": each.id,
            "before": each.before.text if each.before else None,
            "after": each.after.text if each.after else None,
        }
        for each in compare(old, tracker)
    ]
