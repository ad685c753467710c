"""Writes the report for the terminal: ready or not, and the path of the full report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acceptance.readiness.report.headline import headline
from acceptance.readiness.report.tally import counts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def summary(document: Mapping[str, Any], directory: Path, *, everything: bool = False) -> str:
    """Return the items with scenarios (or all), the headline, the counts, and the report's path."""
    failure = document["environment_failure"]
    lines = [f"Nothing was proved: {failure}"] if failure is not None else []
    if failure is None:
        for item in document["items"]:
            looked_at = any(each["status"] != "unselected" for each in item["scenarios"])
            if everything or looked_at or item["attestations"]:
                waived = " (waived)" if item["waiver"] else ""
                lines.append(f"{item['verdict']:<10}  {item['id']:<14} {item['text']}{waived}")
                if item["verdict"] != "met":
                    lines.append(f"{'':<12}{item['reason']}")
    lines += [f"Note: {note}" for note in document["notes"]]
    said = headline(document)
    lines += ["", f"{said.title}: {said.lead}"]
    lines += [
        f"  {number}. {item['id']} {item['text']} ({item['verdict']}, owed by {item['owner']})"
        for number, item in enumerate(said.ways, start=1)
    ]
    if said.rest:
        lines.append(f"  and {said.rest} more")
    cluster = document["cluster"]
    where = "no cluster"
    if cluster["driver"] is not None:
        where = f"{cluster['flavour']} {cluster['version']}"
    items = document["items"]
    numbers = ", ".join(f"{number} {word}" for word, number in counts(items).items())
    lines += [f"{len(items)} items: {numbers} ({where}, {document['seconds']:.0f} s)"]
    lines += [f"Readiness report: {directory / 'readiness.html'}"]
    return "\n".join(lines)
