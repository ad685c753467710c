"""Counts the items and gives each its word, the same in every report."""

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
    """Return the items, the unmet before the unverified."""
    return sorted(items, key=lambda item: _WORST.get(item["verdict"], 2))


def shown(item: Mapping[str, Any]) -> str:
    """Return the word for an item: waived, or its verdict."""
    waived = item["verdict"] != "met" and item["waiver"] is not None
    return "waived" if waived else str(item["verdict"])


def counts(items: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many items have each verdict, and how many of those not met are waived."""
    told = [item["verdict"] for item in items]
    found = {word: told.count(word) for word in WORDS}
    return found | {"waived": sum(shown(item) == "waived" for item in items)}


def told_by_scenarios(item: Mapping[str, Any]) -> str:
    """Return the verdict by the scenarios alone; empty without scenarios.

    If the item's verdict differs, a report that lists tests has to show it too: a missing
    attestation or evidence must not hide behind scenarios that passed.
    """
    statuses = {scenario["status"] for scenario in item["scenarios"]} - {"unselected"}
    if not statuses:
        return ""
    if "failed" in statuses:
        return "unmet"
    return "met" if statuses == {"passed"} else "unverified"
