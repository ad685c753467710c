"""Decides the exit code for a report. Pure: the caller passes in the problems that it found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jsonschema

from acceptance import exit_codes
from acceptance.errors import BrokenInput
from acceptance.readiness.gate.obstacles import find_obstacles, gating_items

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.readiness.tracker import Tracker

SCHEMA = "checkout-acceptance/readiness/2"
READY, UNMET, UNVERIFIED = exit_codes.PASSED, exit_codes.UNMET, exit_codes.UNVERIFIED
BROKEN, ENVIRONMENT = exit_codes.BROKEN_INPUT, exit_codes.NO_ENVIRONMENT
_AGAIN = "Try: make acceptance, which writes a new report"
_LONGEST = 200
_STRING, _FLAG = {"type": "string"}, {"type": "boolean"}


def _object(**properties: object) -> dict[str, object]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _array(items: object) -> dict[str, object]:
    return {"type": "array", "items": items}


_READ = _object(
    schema={"const": SCHEMA},
    tracker=_object(sha256=_STRING),
    commit=_STRING,
    environment_failure={"type": ["string", "null"]},
    interrupted=_FLAG,
    complete=_FLAG,
    selected={"type": "integer"},
    tasks=_array(_object(id=_STRING, in_sprint=_FLAG)),
    items=_array(
        _object(
            id=_STRING,
            task=_STRING,
            sha256=_STRING,
            verdict={"enum": ["met", "unmet", "unverified"]},
            reason=_STRING,
            owner=_STRING,
            waiver={"type": ["object", "null"]},
            attestations=_array(_object(valid=_FLAG, expires=_STRING)),
            scenarios=_array(_object(status=_STRING)),
            evidence=_array(_object(path=_STRING, sha256=_STRING)),
        )
    ),
)
"""The fields that the gate reads in a report; docs/readiness.schema.json has all of them."""


@dataclass(frozen=True)
class GateDecision:
    """Whether a gate is passed: the exit code, and the reasons in sentences."""

    code: int
    sentences: tuple[str, ...]


def decide_gate(
    document: object, *, gate: str, tracker: Tracker, commit: str, problems: Sequence[str]
) -> GateDecision:
    """Return 0 ready, 1 unmet, 10 unverified, 69 no environment, or 65 unusable.

    `tracker` and `commit` are the current ones: a report about others is stale. `problems` are
    those that the caller found in files, dates and the working tree; any of them refuses the
    report.
    """
    broken = _misshapen(document)
    if broken:
        return _refused(gate, broken)
    assert isinstance(document, dict)
    wrong = [
        *_stale(document, tracker, commit),
        *_denominator(document, tracker),
        *_contradictions(document),
        *problems,
    ]
    if wrong:
        return _refused(gate, wrong)
    failure = document["environment_failure"]
    if failure is not None:
        sentence = f"The gate {gate} is not passed: the environment could not be started. {failure}"
        return GateDecision(ENVIRONMENT, (sentence,))
    try:
        items = gating_items(document, gate)
    except BrokenInput as error:
        return _refused(gate, [error.message])
    nothing = [] if items else [f"The gate {gate} has no items. Try: --gate release"]
    partial = [*_partial(document), *nothing]
    return _refused(gate, partial) if partial else _decided(document, gate, items)


def _decided(document: Mapping[str, Any], gate: str, items: list[dict[str, Any]]) -> GateDecision:
    obstacles = find_obstacles(document, gate)
    words = [each["verdict"] for each in obstacles]
    waived = [item for item in items if item["verdict"] != "met" and item["waiver"] is not None]
    met = len(items) - len(obstacles) - len(waived)
    told = tuple(
        f"waived {item['id']} ({item['verdict']}) by {item['waiver'].get('person', 'nobody')} "
        f"until {item['waiver'].get('expires', 'never')}"
        for item in waived
    )
    counts = f"{met} of {len(items)} items met, {len(waived)} waived"
    if not obstacles:
        return GateDecision(READY, (f"The gate {gate} is passed: {counts}.", *told))
    unmet, unverified = words.count("unmet"), words.count("unverified")
    lines = tuple(
        f"{each['verdict']} {each['id']} ({each['owner']}): {each['reason']}" for each in obstacles
    )
    head = f"The gate {gate} is not passed: {unmet} unmet, {unverified} unverified; {counts}."
    return GateDecision(UNMET if unmet else UNVERIFIED, (head, *lines, *told))


def _refused(gate: str, reasons: Sequence[str]) -> GateDecision:
    return GateDecision(BROKEN, (f"The gate {gate} cannot be judged.", *reasons))


def _misshapen(document: object) -> list[str]:
    version = document.get("schema") if isinstance(document, dict) else None
    if version != SCHEMA:
        shown = version if isinstance(version, str) else "no readiness report"
        return [f"Its schema is {shown[:_LONGEST]}; {SCHEMA} is required. {_AGAIN}"]
    error = jsonschema.exceptions.best_match(
        jsonschema.Draft202012Validator(_READ).iter_errors(document)
    )
    if error is None:
        return []
    return [f"The report is not valid at {error.json_path}: {error.message[:_LONGEST]}. {_AGAIN}"]


def _stale(document: Mapping[str, Any], tracker: Tracker, commit: str) -> list[str]:
    found = []
    if document["tracker"]["sha256"] != tracker.sha256:
        found.append(f"The report was made from a different tracker. {_AGAIN}")
    if document["commit"] != commit:
        found.append(f"The report is of commit {document['commit']}, not of {commit}. {_AGAIN}")
    return found


def _denominator(document: Mapping[str, Any], tracker: Tracker) -> list[str]:
    """Compare the report's tasks and items with the tracker's."""
    found = []
    tasks = [(task["id"], task["in_sprint"]) for task in document["tasks"]]
    if tasks != [(task.id, task.in_sprint) for task in tracker.tasks]:
        found.append(
            f"The report's tasks differ from the {len(tracker.tasks)} of the tracker. {_AGAIN}"
        )
    items = [(item["id"], item["task"], item["sha256"]) for item in document["items"]]
    if items != [(item.id, item.task, item.sha256) for item in tracker.items]:
        found.append(
            f"The report has {len(items)} items, which differ from the "
            f"{len(tracker.items)} of the tracker. {_AGAIN}"
        )
    return found


def _contradictions(document: Mapping[str, Any]) -> list[str]:
    """Find items whose verdict is better than their scenarios and evidence allow."""
    found = []
    for item in document["items"]:
        statuses = {scenario["status"] for scenario in item["scenarios"]}
        attested = any(each["valid"] for each in item["attestations"])
        if "failed" in statuses and item["verdict"] != "unmet":
            found.append(
                f"{item['id']} is reported as {item['verdict']}, although a scenario failed."
            )
        elif item["verdict"] == "met" and not item["evidence"]:
            found.append(f"{item['id']} is reported as met without evidence.")
        elif item["verdict"] == "met" and statuses != {"passed"} and not attested:
            found.append(
                f"{item['id']} is reported as met, although no scenario or attestation proves it."
            )
    return found


def _partial(document: Mapping[str, Any]) -> list[str]:
    found = []
    if document["selected"] < 1:
        found.append(f"The run was empty: no scenario was selected. {_AGAIN}")
    if document["interrupted"]:
        found.append(f"The run was interrupted. {_AGAIN}")
    unheard = [
        item["id"]
        for item in document["items"]
        if any(each["status"] == "missing" for each in item["scenarios"])
    ]
    if unheard:
        found.append(f"A scenario of {unheard[0]} never reported. {_AGAIN}")
    if not document["complete"]:
        found.append(
            "The run was partial: scenarios were left out, or it used the system of an earlier "
            "run. Try: make acceptance, without -k, -m or --attach"
        )
    return found
