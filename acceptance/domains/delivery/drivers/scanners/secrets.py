"""detect-secrets over the files that others get when they clone the repository."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.domains.delivery.drivers.scanners.facts import Finding, ScanFacts, fingerprint
from acceptance.domains.delivery.drivers.scanners.running import answer_of
from acceptance.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "detect-secrets"
_CANARY = "canary.of.the.acceptance.suite"


def scan_secrets(root: Path, names: Sequence[str], *, timeout: float) -> ScanFacts:
    """Scan the files `names` (relative to `root`), whatever their comments say.

    Nothing is sent anywhere to learn whether a secret works. A file with a made-up key is scanned
    along: whoever does not find that one has looked at nothing.

    Raises `EnvironmentFailure` when detect-secrets is missing, fails, or overlooks the canary.
    """
    wanted = [name for name in names if (root / name).is_file()]
    with tempfile.TemporaryDirectory(prefix="acceptance-secrets-") as temporary:
        # Links to other places, and files outside the folder that it runs in, are passed over by
        # detect-secrets without a word. So all are copied into one folder of plain files.
        folder = Path(temporary).resolve()
        for name in wanted:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, folder / name)
        (folder / _CANARY).write_text("AKIA" + "Z" * 16 + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "detect_secrets", "scan", "--no-verify", "--all-files"]
        # A comment in a file may not decide that it holds no secret: exceptions are reviewed.
        command += ["--disable-filter", "detect_secrets.filters.allowlist.is_line_allowlisted"]
        answer, seconds = answer_of(NAME, [*command, "."], cwd=folder, timeout=timeout)
    results = answer["results"]
    if results.pop(_CANARY, None) is None:
        raise EnvironmentFailure(f"{NAME} overlooked a key that was made for it to find.")
    findings = tuple(
        Finding(
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
    return ScanFacts(
        NAME,
        "secrets",
        answer["version"],
        looked_at=len(wanted),
        things="tracked files",
        findings=findings,
        seconds=seconds,
        notes=("lock files of package managers are left out by the scanner itself",),
    )
