"""The readiness report as documents: Markdown, HTML, JUnit, and the tracker with boxes ticked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acceptance.tracker import Tracker

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=select_autoescape(["html", "j2"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_BOX = b"- [ ]"
_JUNIT = {"skipped": "skipped", "missing": "skipped", "environment": "error", "failed": "failure"}


def html(document: Mapping[str, Any]) -> str:
    """Return the report as one page that needs no network."""
    return _TEMPLATES.get_template("readiness.html.j2").render(report=document)


def markdown(document: Mapping[str, Any]) -> str:
    """Return the report as Markdown."""
    cluster = document["cluster"]
    where = " ".join(filter(None, (cluster["driver"], cluster["flavour"], cluster["version"])))
    lines = [
        f"# Release {'ready' if document['ready'] else 'not ready'}",
        "",
        f"- Cluster: {where or 'none'}",
        f"- Commit: {document['commit']}",
        f"- Tracker: sha256 {document['tracker']['sha256']}",
        f"- Started: {document['started']}, {document['seconds']:.0f} s",
        f"- Again: `{document['reproduce']}`",
    ]
    if document["environment_failure"]:
        first, *_ = document["environment_failure"].splitlines()
        lines += ["", f"**The environment could not be had:** {first}"]
    for task in document["tasks"]:
        lines += ["", f"## {task['id']}: {task['title']}", ""]
        lines += [f"{task['met']} met, {task['unmet']} unmet, {task['unverified']} unverified", ""]
        lines += ["| item | verdict | text | reason |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {item['id']} | **{item['verdict']}** | {_cell(item['text'])} "
            f"| {_cell(item['reason'])} |"
            for item in document["items"]
            if item["task"] == task["id"]
        ]
    return "\n".join(lines) + "\n"


def junit(document: Mapping[str, Any]) -> bytes:
    """Return the scenarios as JUnit XML; what is not known is skipped, never passed."""
    root = ET.Element("testsuites", name="acceptance")
    for item in document["items"]:
        if not item["scenarios"]:
            continue
        suite = ET.SubElement(root, "testsuite", name=f"{item['id']} {item['text']}")
        for scenario in item["scenarios"]:
            case = ET.SubElement(
                suite,
                "testcase",
                classname=item["id"],
                name=scenario["name"],
                time=str(scenario["seconds"]),
            )
            if tag := _JUNIT.get(scenario["status"]):
                ET.SubElement(case, tag, message=_printable(scenario["reason"]))
        for name in ("failure", "error", "skipped"):
            plural = {"failure": "failures", "error": "errors", "skipped": "skipped"}[name]
            suite.set(plural, str(len(suite.findall(f"testcase/{name}"))))
        suite.set("tests", str(len(item["scenarios"])))
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def ticked(tracker: Tracker, document: Mapping[str, Any]) -> bytes:
    """Return the tracker with the boxes of met items ticked, and nothing else changed."""
    met = {item["id"] for item in document["items"] if item["verdict"] == "met"}
    lines = tracker.source.splitlines(keepends=True)
    for item in tracker.items:
        if item.id in met:
            lines[item.line] = lines[item.line].replace(_BOX, b"- [x]", 1)
    return b"".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")
