"""Reads SARIF 2.1.0 files, in the form in which `acceptance scan` writes them."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class SarifRun:
    """What one scanner reported."""

    part: str
    """The part of the sources that it scanned: code, deployment, secrets or images."""
    successful: bool
    """Whether the scanner ran to its end."""
    findings: tuple[str, ...]
    """The messages of its findings, without those that are suppressed."""


def read_sarif(text: str) -> tuple[SarifRun, ...]:
    """Return the run of each scanner from a SARIF document."""
    return tuple(
        SarifRun(
            run["automationDetails"]["id"].partition("/")[0],
            all(each["executionSuccessful"] for each in run["invocations"]),
            tuple(
                each["message"]["text"] for each in run["results"] if not each.get("suppressions")
            ),
        )
        for run in json.loads(text)["runs"]
    )
