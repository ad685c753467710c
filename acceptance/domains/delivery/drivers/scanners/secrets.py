"""Scans the files of the repository for secrets with detect-secrets."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.domains.delivery.drivers.scanners.facts import (
    ScanFinding,
    ScannerFacts,
    fingerprint,
)
from acceptance.domains.delivery.drivers.scanners.running import answer_of
from acceptance.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "detect-secrets"
_CANARY = "canary.of.the.acceptance.suite"


def scan_secrets(root: Path, names: Sequence[str], *, timeout: float) -> ScannerFacts:
    """Scan the files `names` (relative to `root`).

    Comments that silence the scanner are ignored. No secret is sent anywhere to test it. A file
    with a made-up key is scanned too: a scanner that does not find this canary does not work.

    Raises `EnvironmentFailure` when detect-secrets is missing, fails, or misses the canary.
    """
    wanted = [name for name in names if (root / name).is_file()]
    with tempfile.TemporaryDirectory(prefix="acceptance-secrets-") as temporary:
        # detect-secrets silently skips links and files outside its working folder. So all files are
        # copied into one folder.
        folder = Path(temporary).resolve()
        for name in wanted:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, folder / name)
        (folder / _CANARY).write_text("AKIA" + "Z" * 16 + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "detect_secrets", "scan", "--no-verify", "--all-files"]
        # A comment must not silence the scanner: exceptions are in the reviewed file only.
        command += ["--disable-filter", "detect_secrets.filters.allowlist.is_line_allowlisted"]
        answer, seconds = answer_of(NAME, [*command, "."], cwd=folder, timeout=timeout)
    results = answer["results"]
    if results.pop(_CANARY, None) is None:
        raise EnvironmentFailure(f"{NAME} did not find the canary, a key made up for it.")
    findings = tuple(
        ScanFinding(
            NAME,
            each["type"],
            name,
            "what looks like a secret",
            line=each["line_number"],
            fingerprint=fingerprint(each["hashed_secret"]),
        )
        for name, found in sorted(results.items())
        for each in found
    )
    return ScannerFacts(
        NAME,
        "secrets",
        answer["version"],
        scanned=len(wanted),
        unit="tracked files",
        findings=findings,
        seconds=seconds,
        notes=("the scanner itself skips lock files of package managers",),
    )
