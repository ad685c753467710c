"""Finds the items of a gate, and which of them block it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SPRINT = "sprint"
"""All items of the sprint's tasks, which are all tasks outside of the icebox."""
RELEASE = "release"
"""All items of all tasks."""


class Obstacle(TypedDict):
    """An item that blocks a gate, as the report lists it."""

    id: str
    verdict: str
    reason: str
    owner: str


def known_gates(tasks: Sequence[str]) -> tuple[str, ...]:
    """Return the names of all gates; `tasks` are the ids of the tasks."""
    return (SPRINT, RELEASE, *tasks)


def gating_items(document: Mapping[str, Any], gate: str) -> list[dict[str, Any]]:
    """Return the items of a gate, in the tracker's order.

    Raises `BrokenInput` for an unknown gate.
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
    """Return whether an item blocks a gate: a waived item does not, although it is not met."""
    return item["verdict"] != "met" and item["waiver"] is None


def find_obstacles(document: Mapping[str, Any], gate: str) -> list[Obstacle]:
    """Return the items that block a gate, in the tracker's order.

    A gate without items has no obstacles and is still not ready: ask `gating_items` first.

    Raises `BrokenInput` for an unknown gate.
    """
    return [
        Obstacle(id=item["id"], verdict=item["verdict"], reason=item["reason"], owner=item["owner"])
        for item in gating_items(document, gate)
        if blocks(item)
    ]
