"""Readiness reports as data, made by hand: what the gate reads of them."""

from __future__ import annotations

from typing import Any

from acceptance.readiness.gate.decision import SCHEMA
from acceptance.readiness.tracker import Tracker

COMMIT = "c0ffee" + "0" * 34


def document(tracker: Tracker, **changed: object) -> dict[str, Any]:
    """A complete report in which everything is met, but for what is `changed`."""
    return {
        "schema": SCHEMA,
        "tracker": {"sha256": tracker.sha256},
        "commit": COMMIT,
        "environment_failure": None,
        "interrupted": False,
        "complete": True,
        "selected": len(tracker.items),
        "tasks": [{"id": task.id, "in_sprint": task.in_sprint} for task in tracker.tasks],
        "items": [
            {
                "id": item.id,
                "task": item.task,
                "sha256": item.sha256,
                "verdict": "met",
                "reason": "1 scenario passed, with evidence",
                "owner": "Development Team",
                "waiver": None,
                "attestations": [],
                "scenarios": [{"status": "passed"}],
                "evidence": [{"path": "evidence/a.txt", "sha256": "0" * 64}],
            }
            for item in tracker.items
        ],
        **changed,
    }


def turn(document: dict[str, Any], item: str, verdict: str, **changed: object) -> dict[str, Any]:
    """Give an item another verdict, with scenarios that go with it."""
    status = {"met": "passed", "unmet": "failed", "unverified": "skipped"}[verdict]
    found = next(each for each in document["items"] if each["id"] == item)
    scenarios = [{"status": status}]
    found |= {"verdict": verdict, "reason": f"it is {verdict}", "scenarios": scenarios, **changed}
    return document
