"""Counts and words of items, the same in every report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WORDS = ("met", "unmet", "unverified")
_WORST = {"unmet": 0, "unverified": 1}


def by_task(document: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the items of each task, by the task's id, in the tracker's order."""
    found: dict[str, list[dict[str, Any]]] = {task["id"]: [] for task in document["tasks"]}
    for item in document["items"]:
        found[item["task"]].append(item)
    return found


def worst_first(items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return items with those that are known to be wrong before those that are not known."""
    return sorted(items, key=lambda item: _WORST.get(item["verdict"], 2))


def shown(item: Mapping[str, Any]) -> str:
    """Return the one word for an item where there is room for one: waived, or its verdict."""
    waived = item["verdict"] != "met" and item["waiver"] is not None
    return "waived" if waived else str(item["verdict"])


def counts(items: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many items have each verdict, and how many of those not met are waived."""
    told = [item["verdict"] for item in items]
    found = {word: told.count(word) for word in WORDS}
    return found | {"waived": sum(shown(item) == "waived" for item in items)}


def told_by_scenarios(item: Mapping[str, Any]) -> str:
    """Return the verdict that the scenarios alone would seem to give; empty without scenarios.

    Where it is another one than the item's, a report that lists tests has to tell the verdict too:
    a missing attestation or evidence must not hide behind scenarios that passed.
    """
    statuses = {scenario["status"] for scenario in item["scenarios"]} - {"unselected"}
    if not statuses:
        return ""
    if "failed" in statuses:
        return "unmet"
    return "met" if statuses == {"passed"} else "unverified"
