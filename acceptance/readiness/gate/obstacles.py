"""What a gate is about, and what stands in its way. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SPRINT = "sprint"
"""All items of the tasks that the team works on now: everything that is not in the icebox."""
RELEASE = "release"
"""All items of all tasks."""


class Obstacle(TypedDict):
    """An item that stands in the way, as the report lists it."""

    id: str
    verdict: str
    reason: str
    owner: str


def known_gates(tasks: Sequence[str]) -> tuple[str, ...]:
    """Return the names that a gate may have, where these are the ids of the tasks."""
    return (SPRINT, RELEASE, *tasks)


def gating_items(document: Mapping[str, Any], gate: str) -> list[dict[str, Any]]:
    """Return the items that a gate is about, in the tracker's order.

    Raises `BrokenInput` for a gate that there is not.
    """
    tasks = document["tasks"]
    names = known_gates([task["id"] for task in tasks])
    if gate not in names:
        raise BrokenInput(f"There is no gate {gate}. Try: one of {', '.join(names)}")
    chosen = {
        task["id"]
        for task in tasks
        if gate == RELEASE or gate == task["id"] or (gate == SPRINT and task["in_sprint"])
    }
    return [item for item in document["items"] if item["task"] in chosen]


def blocks(item: Mapping[str, Any]) -> bool:
    """Say whether an item stands in the way: a waiver lets it pass, and does not make it met."""
    return item["verdict"] != "met" and item["waiver"] is None


def find_obstacles(document: Mapping[str, Any], gate: str) -> list[Obstacle]:
    """Return what stands in the way of a gate, in the tracker's order.

    Nothing stands in the way of a gate without items; ask `gating_items` before calling that ready.

    Raises `BrokenInput` for a gate that there is not.
    """
    return [
        Obstacle(id=item["id"], verdict=item["verdict"], reason=item["reason"], owner=item["owner"])
        for item in gating_items(document, gate)
        if blocks(item)
    ]
