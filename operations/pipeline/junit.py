"""Reads what a test suite did from its JUnit report."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass

from acceptance.errors import SystemFailure


@dataclass(frozen=True)
class Report:
    """What one suite did. Tests have the names of JUnit: `tests.test_api: test_x`."""

    executed: frozenset[str]
    """Tests that passed or failed."""
    failed: dict[str, str]
    """Tests, fixtures and files that failed, each with the first line of the reason."""
    skipped: dict[str, str]
    """Tests with the reason; also those that were expected to fail and did."""
    database: str
    """The database that it used; empty if none."""
    number: int
    """Of tests, by which two of the same name count twice."""

    @property
    def present(self) -> frozenset[str]:
        """All tests that the report names."""
        return self.executed | self.failed.keys() | self.skipped.keys()


def read_report(text: str) -> Report:
    """Return what the JUnit XML says.

    Raises `SystemFailure` for a text that is not XML: the suite is part of what is delivered.
    """
    try:
        # The suite wrote it just now, and expat limits entity expansion.
        document = ET.fromstring(text)  # noqa: S314
    except ET.ParseError as error:
        raise SystemFailure(f"The report of a test suite is not XML: {error}.") from error
    executed, failed, skipped = set[str](), dict[str, str](), dict[str, str]()
    cases = list(document.iter("testcase"))
    for case in cases:
        name = ": ".join(filter(None, (case.get("classname", ""), case.get("name", ""))))
        found = {child.tag: _first_line(child) for child in case}
        if "skipped" in found:
            skipped[name] = found["skipped"]
        elif wrong := [found[tag] for tag in ("failure", "error") if tag in found]:
            failed[name] = wrong[0]
            if "failure" in found:
                executed.add(name)
        else:
            executed.add(name)
    databases = [
        each.get("value", "")
        for each in document.iter("property")
        if each.get("name") == "database"
    ]
    return Report(frozenset(executed), failed, skipped, ", ".join(databases), len(cases))


def _first_line(found: ET.Element) -> str:
    text = (found.get("message") or found.text or "").strip()
    return text.splitlines()[0].strip() if text else "no reason"
