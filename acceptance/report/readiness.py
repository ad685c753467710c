"""The readiness report as data: the contract that other programs read (readiness.schema.json)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema

from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.outcome import Evidence, ScenarioOutcome
    from acceptance.report.facts import RunFacts
    from acceptance.tracker import Task, Tracker
    from acceptance.verdict import Verdict

SCHEMA = "checkout-acceptance/readiness/1"
_SCHEMA_FILE = Path(__file__).with_name("readiness.schema.json")


def readiness(
    run: RunFacts, tracker: Tracker, verdicts: Sequence[Verdict], reports: Path
) -> dict[str, Any]:
    """Return the report as JSON values, valid by the schema.

    The evidence is read again: an item whose evidence is gone or was changed is not met.

    Raises `BrokenInput` when an item of the tracker has no verdict: a report that forgets one is
    worthless.
    """
    told = [verdict.item.id for verdict in verdicts]
    if told != [item.id for item in tracker.items]:
        raise BrokenInput("The report does not list every item of the tracker once, in its order.")
    items = [_item(verdict, reports) for verdict in verdicts]
    document = {
        "schema": SCHEMA,
        "tracker": {"sha256": tracker.sha256},
        "commit": run.commit,
        "cluster": {
            "driver": run.cluster.driver if run.cluster else None,
            "flavour": run.cluster.flavour if run.cluster else None,
            "version": run.cluster.version if run.cluster else None,
        },
        "images": list(run.images),
        "started": dt.datetime.fromtimestamp(run.started, dt.UTC).isoformat(timespec="seconds"),
        "seconds": round(run.seconds, 3),
        "phases": {name: round(seconds, 3) for name, seconds in run.phases.items()},
        "reproduce": run.reproduce,
        "environment_failure": run.environment_failure,
        "interrupted": run.interrupted,
        "ready": all(item["verdict"] == "met" for item in items),
        "tasks": [_task(task, items) for task in tracker.tasks],
        "items": items,
    }
    jsonschema.validate(document, json.loads(_SCHEMA_FILE.read_text(encoding="utf-8")))
    return document


def _task(task: Task, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    own = [item["verdict"] for item in items if item["task"] == task.id]
    counts = {word: own.count(word) for word in ("met", "unmet", "unverified")}
    return {
        "id": task.id,
        "title": task.title,
        "status": task.status,
        "assignee": task.assignee,
        "epic": task.epic,
        "points": task.points,
        "ready": bool(own) and counts["met"] == len(own),
        **counts,
    }


def _item(verdict: Verdict, reports: Path) -> dict[str, Any]:
    item, word, reason = verdict.item, verdict.verdict, verdict.reason
    spoilt = [found.path for found in verdict.evidence if not _unchanged(found, reports)]
    if spoilt and word == "met":
        word, reason = "unverified", f"the evidence {spoilt[0]} is missing or was changed"
    return {
        "id": item.id,
        "task": item.task,
        "kind": item.kind,
        "text": item.text,
        "verdict": word,
        "reason": reason,
        "scenarios": [_scenario(each) for each in verdict.scenarios],
        "evidence": [
            {"path": each.path, "sha256": each.sha256, "title": each.title, "kind": each.kind}
            for each in verdict.evidence
        ],
    }


def _scenario(outcome: ScenarioOutcome) -> dict[str, Any]:
    return {
        "name": outcome.name,
        "status": outcome.status,
        "reason": outcome.reason,
        "seconds": round(outcome.seconds, 3),
        "steps": [f"{step.keyword} {step.text}: {step.status}" for step in outcome.steps],
    }


def _unchanged(evidence: Evidence, reports: Path) -> bool:
    try:
        content = (reports / evidence.path).read_bytes()
    except OSError:
        return False
    return hashlib.sha256(content).hexdigest() == evidence.sha256
