"""Scans the workflows and actions of the repository with zizmor."""

from __future__ import annotations

import re
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.domains.delivery.drivers.scanners.facts import (
    ScanFinding,
    ScannerFacts,
    fingerprint,
)
from acceptance.domains.delivery.drivers.scanners.running import answer_of, version_of

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "zizmor"
_SCANNED = re.compile(r"\.github/workflows/[^/]+\.ya?ml|(?:.*/)?action\.ya?ml")
_OPTIONS = ("--offline", "--no-progress", "--no-config", "--no-ignores", "--strict-collection")


def scan_workflows(root: Path, names: Sequence[str], *, timeout: float) -> ScannerFacts:
    """Scan the workflows and actions among `names` (relative to `root`).

    Comments that silence the scanner (`# zizmor: ignore`) and its configuration files are ignored.

    Raises `EnvironmentFailure` when zizmor is missing, or cannot read one of them.
    """
    wanted = [name for name in names if _SCANNED.fullmatch(name) and (root / name).is_file()]
    if not wanted:
        return ScannerFacts(NAME, "code", unit="workflows")
    zizmor = Path(sysconfig.get_path("scripts")) / "zizmor"
    command: list[str | Path] = [zizmor, *_OPTIONS, "--no-exit-codes", "--format=json-v1", *wanted]
    answer, seconds = answer_of(NAME, command, cwd=root, timeout=timeout)
    findings = []
    for each in answer:
        main = next(e for e in each["locations"] if e["symbolic"]["kind"] == "Primary")
        known = each["determinations"]
        findings.append(
            ScanFinding(
                NAME,
                each["ident"],
                main["symbolic"]["key"]["Local"]["verbatim_path"].removeprefix("./"),
                each["desc"],
                severity=known["severity"].upper(),
                confidence=known["confidence"].upper(),
                line=main["concrete"]["location"]["start_point"]["row"] + 1,
                fingerprint=fingerprint(each["ident"], main["concrete"]["feature"]),
            )
        )
    return ScannerFacts(
        NAME,
        "code",
        version_of([zizmor, "--version"], timeout=timeout),
        scanned=len(wanted),
        unit="workflows",
        findings=tuple(findings),
        seconds=seconds,
    )
