"""Writes the report as JUnit XML for build servers; no item looks better there than its verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from acceptance.readiness.report.tally import told_by_scenarios

if TYPE_CHECKING:
    from collections.abc import Mapping

_STATUS = {
    "skipped": "skipped",
    "missing": "skipped",
    "unselected": "skipped",
    "environment": "error",
    "error": "error",
    "failed": "failure",
}
_VERDICT = {"unmet": "failure", "unverified": "skipped"}
_PLURALS = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def junit(document: Mapping[str, Any]) -> bytes:
    """Return a suite for each item, with its scenarios; unverified counts as skipped, not passed.

    A suite gets a case for the verdict if the scenarios do not show it, or if there are none.
    """
    root = ET.Element("testsuites", name="acceptance", time=str(document["seconds"]))
    for item in document["items"]:
        title = _printable(f"{item['id']} {item['text']}")
        suite = ET.SubElement(root, "testsuite", name=title)
        properties = ET.SubElement(suite, "properties")
        told = {"verdict": item["verdict"], "reason": item["reason"], "owner": item["owner"]}
        if item["waiver"]:
            told["waived until"] = item["waiver"]["expires"]
        for name, value in told.items():
            ET.SubElement(properties, "property", name=name, value=_printable(value))
        for scenario in item["scenarios"]:
            name, seconds = scenario["name"], scenario["seconds"]
            _case(suite, item, name, seconds, _STATUS.get(scenario["status"]), scenario["reason"])
        if told_by_scenarios(item) != item["verdict"]:
            name = f"Verdict: {item['verdict']}"
            _case(suite, item, name, 0, _VERDICT.get(item["verdict"]), item["reason"])
        _count(suite, suite)
    _count(root, root)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _case(  # noqa: PLR0917 (the fields of a case)
    suite: ET.Element, item: Mapping[str, Any], name: str, seconds: float, tag: str | None, why: str
) -> None:
    case = ET.SubElement(
        suite, "testcase", classname=item["id"], name=_printable(name), time=str(seconds)
    )
    if tag:
        ET.SubElement(case, tag, message=_printable(why))


def _count(target: ET.Element, within: ET.Element) -> None:
    target.set("tests", str(sum(1 for _ in within.iter("testcase"))))
    for tag, plural in _PLURALS.items():
        target.set(plural, str(sum(1 for _ in within.iter(tag))))


def _printable(text: str) -> str:
    """Return text without the characters that XML 1.0 forbids."""
    return "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")
