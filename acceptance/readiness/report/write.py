"""Writes all forms of the report, each file completely or not at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from acceptance.readiness.report.history import RunHistory
from acceptance.readiness.report.junit import junit
from acceptance.readiness.report.markdown import markdown
from acceptance.readiness.report.page import page
from acceptance.readiness.report.readiness import readiness, record_of
from acceptance.readiness.tracker import tick

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from acceptance.readiness.definition_of_ready import ReadyLine
    from acceptance.readiness.report.facts import RunFacts
    from acceptance.readiness.tracker import Tracker
    from acceptance.readiness.verdict import Verdict


def write_reports(
    run: RunFacts,
    tracker: Tracker,
    verdicts: Sequence[Verdict],
    directory: Path,
    *,
    definition_of_ready: Sequence[ReadyLine] = (),
    notes: Sequence[str] = (),
    gate: str = "sprint",
) -> dict[str, Any]:
    """Write readiness.json, .md and .html, junit.xml and tracker.md into `directory`.

    Return the document. The run is added to the history. `gate` is the gate that the report is
    about; `notes` are sentences for the reader.

    Raises `BrokenInput` when the verdicts do not match the tracker's items.
    """
    document = readiness(
        run,
        tracker,
        verdicts,
        directory,
        definition_of_ready=definition_of_ready,
        notes=notes,
        gate=gate,
    )
    directory.mkdir(parents=True, exist_ok=True)
    write_file(directory / "readiness.json", as_json(document))
    write_file(directory / "readiness.md", markdown(document))
    write_file(directory / "readiness.html", page(document, directory))
    write_file(directory / "junit.xml", junit(document))
    met = {item["id"] for item in document["items"] if item["verdict"] == "met"}
    write_file(directory / "tracker.md", tick(tracker, met))
    RunHistory(directory / "history").append(record_of(document), tracker.source)
    return document


def as_json(document: Mapping[str, Any]) -> str:
    """Return the document as JSON text, with a line for each field and for each item of a list."""
    parts = []
    for name, value in document.items():
        if isinstance(value, list) and value:
            rows = ",\n".join(f"    {json.dumps(each, ensure_ascii=False)}" for each in value)
            text = f"[\n{rows}\n  ]"
        else:
            text = json.dumps(value, ensure_ascii=False)
        parts.append(f"  {json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def write_file(path: Path, content: bytes | str) -> None:
    """Write a file completely, or leave the old one.

    A message may contain half of a surrogate pair, which UTF-8 cannot encode: it becomes a question
    mark.
    """
    beside = path.with_name(f".{path.name}.part")
    raw = content.encode("utf-8", "replace") if isinstance(content, str) else content
    beside.write_bytes(raw)
    beside.replace(path)
