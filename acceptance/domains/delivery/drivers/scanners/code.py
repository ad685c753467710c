"""Scans the Python code of the system with bandit."""

from __future__ import annotations

import sys
import tempfile
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

NAME = "bandit"


def scan_code(root: Path, names: Sequence[str], *, timeout: float) -> ScannerFacts:
    """Scan the Python files among `names` (relative to `root`).

    Comments that silence the scanner (`# nosec`) and configuration files in the tree are ignored. A
    file that bandit could not read is a `problem`.

    Raises `EnvironmentFailure` when bandit is missing or fails.
    """
    wanted = [name for name in names if name.endswith(".py") and (root / name).is_file()]
    if not wanted:
        return ScannerFacts(NAME, "code", unit="Python files")
    bandit = [sys.executable, "-m", "bandit"]
    with tempfile.TemporaryDirectory(prefix="acceptance-bandit-") as temporary:
        nothing = Path(temporary) / "bandit.ini"
        nothing.write_text("[bandit]\n", encoding="utf-8")
        command = [*bandit, "--format=json", "--quiet", "--ignore-nosec", f"--ini={nothing}"]
        answer, seconds = answer_of(NAME, [*command, *wanted], cwd=root, timeout=timeout)
    findings = tuple(
        ScanFinding(
            NAME,
            each["test_id"],
            each["filename"].removeprefix("./"),
            each["issue_text"],
            severity=each["issue_severity"],
            confidence=each["issue_confidence"],
            line=each["line_number"],
            fingerprint=fingerprint(each["test_id"], each["code"].strip()),
        )
        for each in answer["results"]
    )
    read = [name for name in answer["metrics"] if name != "_totals"]
    unread = [
        f"{each['filename'].removeprefix('./')}: {each['reason']}" for each in answer["errors"]
    ]
    return ScannerFacts(
        NAME,
        "code",
        version_of([*bandit, "--version"], timeout=timeout),
        scanned=len(read) - len(unread),
        unit="Python files",
        findings=findings,
        seconds=seconds,
        problem=f"It could not read {'; '.join(unread)}." if unread else "",
    )
