"""Finds what changed between two versions of a tracker."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from acceptance.readiness.tracker.model import Item, Tracker


@dataclass(frozen=True)
class ItemChange:
    """One changed item; ticking a box is no change."""

    kind: Literal["inserted", "reworded", "removed", "renumbered"]
    """`renumbered`: the same text under another id, because an item before it changed."""
    id: str
    """The item in the new tracker; a removed item in the old one."""
    before: Item | None
    after: Item | None


def compare(old: Tracker, new: Tracker) -> tuple[ItemChange, ...]:
    """Return the inserted, reworded, removed and renumbered items, list by list.

    Items are the same if their texts have the same hash; a list is one task's criteria, its
    Definition of Done, or the Definition of Ready. An item whose text was replaced in its place is
    reworded; an item that moved is removed in one place and inserted in another.
    """
    before, after = _lists(old), _lists(new)
    return tuple(
        change
        for name in {**before, **after}
        for change in _changes(before.get(name, []), after.get(name, []))
    )


def _lists(tracker: Tracker) -> dict[tuple[str, str], list[Item]]:
    found: dict[tuple[str, str], list[Item]] = {}
    for item in (*tracker.items, *tracker.ready):
        found.setdefault((item.task, item.kind), []).append(item)
    return found


def _changes(old: Sequence[Item], new: Sequence[Item]) -> Iterator[ItemChange]:
    hashes = [each.sha256 for each in old], [each.sha256 for each in new]
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, *hashes, autojunk=False).get_opcodes():
        for before, after in zip_longest(old[i1:i2], new[j1:j2]):
            if before is None:
                yield ItemChange("inserted", after.id, None, after)
            elif after is None:
                yield ItemChange("removed", before.id, before, None)
            elif tag == "replace":
                yield ItemChange("reworded", after.id, before, after)
            elif before.id != after.id:
                yield ItemChange("renumbered", after.id, before, after)
