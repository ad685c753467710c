"""Adds the verdicts of the items to Allure's results, which contain scenarios only."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_TOLD = {"passed": "met", "failed": "unmet"}
_OF_SCENARIO = {"failed": "failed", "environment": "broken", "error": "broken"}
"""Allure's status by the scenario's: the adapter sees only the type of the exception."""
_STATUS = {"met": "passed", "unmet": "failed", "unverified": "skipped"}
_SEVERITY = {"AC": "critical", "DOD": "normal"}
_KEPT = ("epic", "feature", "story", "severity")
"""Labels of the adapter that help a reader; the others name Python modules."""
_NAME = "The verdict of the item"


def tell_verdicts(document: Mapping[str, Any], results: Path) -> None:
    """Add the verdicts to the results below `results`, and name each result by its item.

    An item gets a result of its own if its scenarios' results do not show its verdict: a missing
    attestation must not hide behind scenarios that passed.
    """
    results.mkdir(parents=True, exist_ok=True)
    items = {item["id"]: item for item in document["items"]}
    told: dict[str, set[str]] = {}
    # Results of an earlier call are replaced, so that a second call changes nothing.
    for path in results.glob("*-verdict-result.json"):
        path.unlink()
    for path in results.glob("*-result.json"):
        found = json.loads(path.read_text(encoding="utf-8"))
        about = [item for item in _items_of(found) if item in items]
        found["status"] = _status(found, [items[name] for name in about])
        for name in about:
            told.setdefault(name, set()).add(_TOLD.get(found["status"], "unverified"))
        _write(path, _stable(found, [items[name] for name in about]))
    for item in items.values():
        words = told.get(item["id"], set())
        alone = next((word for word in ("unmet", "unverified", "met") if word in words), "")
        if alone != item["verdict"]:
            found = _verdict(document, item)
            path = results / f"{found['uuid']}-verdict-result.json"
            _write(path, _stable(found, [item]))


def _items_of(result: Mapping[str, Any]) -> Iterable[str]:
    stories = (label["value"] for label in result["labels"] if label["name"] == "story")
    return (story.partition(" ")[0] for story in stories)


def _status(result: Mapping[str, Any], about: Iterable[Mapping[str, Any]]) -> str:
    """Return the status of a result that failed by the scenario of its name, else unchanged."""
    scenarios = (each for item in about for each in item["scenarios"])
    said = next((each["status"] for each in scenarios if each["name"] == result["name"]), "")
    status = str(result["status"])
    return _OF_SCENARIO.get(said, status) if status in {"failed", "broken"} else status


def _verdict(document: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    task = next(task for task in document["tasks"] if task["id"] == item["task"])
    status = _STATUS[item["verdict"]]
    if document["environment_failure"] is not None:
        status = "broken"
    moment = round(dt.datetime.fromisoformat(document["started"]).timestamp() * 1000)
    labels = {
        "epic": document["tracker"]["title"],
        "feature": f"{task['id']} {task['title']}",
        "story": f"{item['id']} {item['text']}",
        "severity": _SEVERITY[item["kind"]],
    }
    return {
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, item["id"])),
        "name": _NAME,
        "status": status,
        "statusDetails": {"message": f"{item['verdict']}: {item['reason']}"},
        "start": moment,
        "stop": moment,
        "labels": [{"name": name, "value": value} for name, value in labels.items()],
        "links": [{"type": "link", "url": link_to(item["id"]), "name": item["id"]}],
        "steps": [],
        "attachments": [],
    }


def link_to(item: str) -> str:
    """Return the link from the Allure report to an item in the readiness report."""
    return f"../readiness.html#{item}"


def _stable(found: dict[str, Any], items: list[dict[str, Any]]) -> dict[str, Any]:
    """Name a result by its item and title, so that it keeps its history when its file moves.

    Of two items it is the first: a scenario keeps its history when it proves another one too.
    """
    labels = {label["name"]: label["value"] for label in reversed(found["labels"])}
    name = f"{labels.get('story', labels.get('suite', ''))}: {found['name']}"
    identity = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()
    told: list[tuple[str, str]] = [("owner", item["owner"]) for item in items]
    told += [("tag", f"verdict: {item['verdict']}") for item in items]
    told += [("tag", "waived") for item in items if item["waiver"]]
    added = [{"name": label, "value": value} for label, value in dict.fromkeys(told)]
    kept = [label for label in found["labels"] if label["name"] in _KEPT]
    return found | {
        "fullName": name,
        "historyId": identity,
        "testCaseId": identity,
        "titlePath": [labels[each] for each in _KEPT[:3] if each in labels],
        "labels": [*kept, *added],
        "parameters": [],
    }


def _write(path: Path, found: Mapping[str, Any]) -> None:
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps(found), encoding="utf-8")
    beside.replace(path)
