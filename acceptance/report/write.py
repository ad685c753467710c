"""Writes every form of the report, each whole or not at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from acceptance.report import documents
from acceptance.report.readiness import readiness

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from acceptance.report.facts import RunFacts
    from acceptance.tracker import Tracker
    from acceptance.verdict import Verdict


def write_reports(
    run: RunFacts, tracker: Tracker, verdicts: Sequence[Verdict], directory: Path
) -> None:
    """Write readiness.json, .md and .html, junit.xml and tracker.md into `directory`.

    Raises `BrokenInput` when the verdicts are not those of the tracker's items.
    """
    document = readiness(run, tracker, verdicts, directory)
    directory.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    _write(directory / "readiness.json", text.encode())
    _write(directory / "readiness.md", documents.markdown(document).encode())
    _write(directory / "readiness.html", documents.html(document).encode())
    _write(directory / "junit.xml", documents.junit(document))
    _write(directory / "tracker.md", documents.ticked(tracker, document))


def summary(run: RunFacts, verdicts: Sequence[Verdict], directory: Path) -> str:
    """Return what the terminal shows at the end: the items with scenarios, and where to look."""
    lines = []
    if run.environment_failure:
        lines += [f"Nothing was proved: {run.environment_failure}"]
    lines += [
        f"{verdict.verdict:<10}  {verdict.item.id:<14} {verdict.item.text}"
        + ("" if verdict.verdict == "met" else f"\n{'':<12}{verdict.reason}")
        for verdict in verdicts
        if verdict.scenarios and not run.environment_failure
    ]
    words = [verdict.verdict for verdict in verdicts]
    counts = ", ".join(f"{words.count(word)} {word}" for word in ("met", "unmet", "unverified"))
    cluster = f"{run.cluster.flavour} {run.cluster.version}" if run.cluster else "no cluster"
    lines += ["", f"{len(words)} items: {counts} ({cluster}, {run.seconds:.0f} s)"]
    lines += [f"Readiness report: {directory / 'readiness.html'}"]
    return "\n".join(lines)


def _write(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.part")
    beside.write_bytes(content)
    beside.replace(path)
