"""Makes the readiness report as data, in the published format that other programs read."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Any

from acceptance.errors import BrokenInput
from acceptance.readiness.gate.obstacles import blocks, find_obstacles, gating_items
from acceptance.readiness.report.blocking import blocked_by, strange_blockers
from acceptance.readiness.report.changes import changes, tracker_changes
from acceptance.readiness.report.history import WORDS, RunHistory, RunRecord
from acceptance.readiness.report.schema import SCHEMA, validate
from acceptance.readiness.report.sprint import sprint_metrics
from acceptance.readiness.report.tally import by_task, counts, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from acceptance.readiness.definition_of_ready import ReadyLine
    from acceptance.readiness.outcome import Evidence, ScenarioOutcome, StatementResult
    from acceptance.readiness.report.facts import RunFacts
    from acceptance.readiness.tracker import Task, Tracker
    from acceptance.readiness.verdict import Verdict

NOBODY = "nobody named"


def readiness(
    run: RunFacts,
    tracker: Tracker,
    verdicts: Sequence[Verdict],
    reports: Path,
    *,
    definition_of_ready: Sequence[ReadyLine] = (),
    notes: Sequence[str] = (),
    gate: str = "sprint",
) -> dict[str, Any]:
    """Return the report as JSON values, valid by the schema (docs/readiness.schema.json).

    The evidence is read again: an item whose evidence is missing or changed is not met. The changes
    and the trend come from the history below `reports`, which this does not change.

    Raises `BrokenInput` when an item of the tracker has no verdict.
    """
    told = [verdict.item.id for verdict in verdicts]
    if told != [item.id for item in tracker.items]:
        raise BrokenInput("The report does not list every item of the tracker once, in its order.")
    assignees = {task.id: task.assignee for task in tracker.tasks}
    items = [_item(verdict, reports, assignees[verdict.item.task]) for verdict in verdicts]
    document = _run(run, tracker) | {
        "tasks": [_task(task) for task in tracker.tasks],
        "items": items,
    }
    tasks, owned = document["tasks"], by_task(document)
    for task in tasks:
        own = owned[task["id"]]
        # The rule for a task is the one for a release.
        ready = bool(own) and not any(map(blocks, own)) and comparable(document)
        task.update(counts(own), ready=ready)
    for task in tasks:
        task["blocked_by"] = blocked_by(task, tasks)
    document["gate"] = _gate(document, gate)
    document["ready"] = document["gate"]["ready"]
    history = RunHistory(reports / "history")
    before = history.last_complete() if comparable(document) else None
    document |= {
        "definition_of_ready": [_ready_line(line) for line in definition_of_ready],
        "sprint": sprint_metrics(tracker, tasks),
        "changes": {
            **changes(items, before, complete=comparable(document)),
            "tracker": tracker_changes(tracker, history.tracker_of(before)),
        },
        "trend": [each.trend() for each in (*history.last(), record_of(document))],
        "notes": [*notes, *strange_blockers(tasks)],
    }
    validate(document)
    return document


def comparable(document: Mapping[str, Any]) -> bool:
    """Return whether a run was complete, so that it can be compared with another complete run."""
    failure, interrupted = document["environment_failure"], document["interrupted"]
    return bool(document["complete"] and failure is None and not interrupted)


def record_of(document: Mapping[str, Any]) -> RunRecord:
    """Return the record of a run for the history."""
    names: dict[str, list[str]] = {word: [] for word in WORDS}
    for item in document["items"]:
        names[shown(item)].append(item["id"])
    return RunRecord(
        started=document["started"],
        commit=document["commit"],
        seconds=document["seconds"],
        ready=document["ready"],
        complete=comparable(document),
        counts=counts(document["items"]),
        items={word: tuple(found) for word, found in names.items()},
        tracker=document["tracker"]["sha256"],
    )


def _run(run: RunFacts, tracker: Tracker) -> dict[str, Any]:
    cluster = run.cluster
    return {
        "schema": SCHEMA,
        "tracker": {"sha256": tracker.sha256, "title": tracker.title},
        "commit": run.commit,
        "cluster": {
            "driver": cluster.driver if cluster else None,
            "flavour": cluster.flavour if cluster else None,
            "version": cluster.version if cluster else None,
        },
        "images": list(run.images),
        "started": dt.datetime.fromtimestamp(run.started, dt.UTC).isoformat(timespec="seconds"),
        "seconds": round(run.seconds, 3),
        "phases": {name: round(seconds, 3) for name, seconds in run.phases.items()},
        "reproduce": run.reproduce,
        "environment_failure": run.environment_failure,
        "interrupted": run.interrupted,
        "complete": run.complete,
        "selected": run.selected,
    }


def _gate(document: Mapping[str, Any], gate: str) -> dict[str, Any]:
    found = find_obstacles(document, gate)
    # A gate without items is not ready, because nothing was proved.
    ready = bool(gating_items(document, gate)) and not found and comparable(document)
    return {"name": gate, "ready": ready, "standing_in_the_way": found}


def _task(task: Task) -> dict[str, Any]:
    """Return the fields of a task from the tracker; those from the verdicts are added later."""
    return {
        "id": task.id,
        "title": task.title,
        "description": task.description,
        "status": task.status,
        "assignee": task.assignee,
        "epic": task.epic,
        "points": task.points,
        "priority": task.priority,
        "in_sprint": task.in_sprint,
        "blockers": task.blockers,
        "notes": list(task.notes),
        "line": task.line + 1,
    }


def _item(verdict: Verdict, reports: Path, assignee: str) -> dict[str, Any]:
    item, word, reason = verdict.item, verdict.verdict, verdict.reason
    spoilt = [found.path for found in verdict.evidence if not _unchanged(found, reports)]
    if spoilt and word == "met":
        word, reason = "unverified", f"the evidence {spoilt[0]} is missing or was changed"
    return {
        "id": item.id,
        "task": item.task,
        "kind": item.kind,
        "text": item.text,
        "sha256": item.sha256,
        "line": item.line + 1,
        "verdict": word,
        "reason": reason,
        "owner": verdict.role or assignee or NOBODY,
        "waiver": _waiver(verdict.waiver) if verdict.waiver else None,
        "attestations": [_attestation(each) for each in verdict.attestations],
        "scenarios": [_scenario(each) for each in verdict.scenarios],
        "evidence": [
            {"path": each.path, "sha256": each.sha256, "title": each.title, "kind": each.kind}
            for each in verdict.evidence
        ],
    }


def _waiver(found: StatementResult) -> dict[str, Any]:
    return {
        "reason": found.reason,
        "person": found.person,
        "role": found.role,
        "date": found.date,
        "expires": found.expires,
        "link": found.link,
        "statement": found.statement,
    }


def _attestation(found: StatementResult) -> dict[str, Any]:
    return {"valid": found.valid} | _waiver(found)


def _scenario(outcome: ScenarioOutcome) -> dict[str, Any]:
    return {
        "name": outcome.name,
        "feature": outcome.feature,
        "status": outcome.status,
        "reason": outcome.reason,
        "seconds": round(outcome.seconds, 3),
        "steps": [
            {
                "keyword": step.keyword,
                "text": step.text,
                "seconds": round(step.seconds, 3),
                "status": step.status,
            }
            for step in outcome.steps
        ],
    }


def _ready_line(line: ReadyLine) -> dict[str, Any]:
    return {
        "id": line.item.id,
        "text": line.item.text,
        "tasks": [
            {"task": each.task, "verdict": each.verdict, "reason": each.reason}
            for each in line.verdicts
        ],
    }


def _unchanged(evidence: Evidence, reports: Path) -> bool:
    try:
        content = (reports / evidence.path).read_bytes()
    except OSError:
        return False
    return hashlib.sha256(content).hexdigest() == evidence.sha256
