"""Writes the report as one HTML page that needs no network, no other file and no script."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from acceptance.readiness.gate.obstacles import blocks, gating_items
from acceptance.readiness.report.chart import trend_chart
from acceptance.readiness.report.headline import headline, named
from acceptance.readiness.report.inline import inline
from acceptance.readiness.report.tally import by_task, counts, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TEMPLATES = Path(__file__).with_name("templates")
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=select_autoescape(["html", "j2"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_SLOWEST = 10
_WORDS = ("unmet", "unverified", "waived", "met")


def page(document: Mapping[str, Any], reports: Path) -> str:
    """Return the report as HTML, with small evidence files below `reports` inside it."""
    style = (_TEMPLATES / "page.css").read_text(encoding="utf-8")
    script = (_TEMPLATES / "page.js").read_text(encoding="utf-8")
    owners = sorted({item["owner"] for item in document["items"]})
    items = by_task(document)
    return _ENVIRONMENT.get_template("page.html.j2").render(
        report=document,
        headline=headline(document),
        gate=named(document["gate"]["name"]),
        counts=counts(document["items"]),
        words=_WORDS,
        tasks=[(task, items[task["id"]], _bar(task)) for task in document["tasks"]],
        owners={name: number for number, name in enumerate(owners)},
        debts=_debts(document),
        evidence=inline(document, reports),
        slowest=_slowest(document),
        longest=max((1e-9, *document["phases"].values())),
        trend=trend_chart(document["trend"]),
        shown=shown,
        style=Markup(style),  # noqa: S704 (our own file)
        script=Markup(script),  # noqa: S704
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _hash(text: str) -> str:
    """Return a source for the Content Security Policy that allows exactly this text to run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _bar(task: Mapping[str, Any]) -> list[tuple[str, float, float]]:
    """Return (word, start, width) in percent, with waived items apart from the others."""
    numbers = {word: task[word] for word in _WORDS}
    numbers["unmet"] = max(0, task["unmet"] - max(0, task["waived"] - task["unverified"]))
    numbers["unverified"] = max(0, task["unverified"] - task["waived"])
    total = sum(numbers.values()) or 1
    parts, start = [], 0.0
    for word in reversed(_WORDS):
        width = round(100 * numbers[word] / total, 2)
        if width:
            parts.append((word, round(start, 2), width))
        start += width
    return parts


def _debts(document: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    """Return (owner, unmet, unverified) of the blocking items, the unmet first."""
    found: dict[str, list[str]] = {}
    for item in filter(blocks, gating_items(document, document["gate"]["name"])):
        found.setdefault(item["owner"], []).append(item["verdict"])
    rows = [(name, all_.count("unmet"), all_.count("unverified")) for name, all_ in found.items()]
    return sorted(rows, key=lambda row: (-row[1], -row[2], row[0]))


def _slowest(document: Mapping[str, Any]) -> Sequence[tuple[float, str, str]]:
    """Return (seconds, scenario, item) of the slowest scenarios."""
    found = {
        (scenario["feature"], scenario["name"]): (scenario["seconds"], scenario["name"], item["id"])
        for item in document["items"]
        for scenario in item["scenarios"]
        if scenario["seconds"]
    }
    return sorted(found.values(), reverse=True)[:_SLOWEST]
