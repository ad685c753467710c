"""Writes evidence: redacted files with their SHA-256."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from acceptance.readiness.outcome import Evidence

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.readiness.redaction import Redactor

_SUFFIXES = {
    "json": "json",
    "text": "txt",
    "png": "png",
    "zip": "zip",
    "pdf": "pdf",
    "file": "bin",  # so that no viewer opens it by mistake
}
_LONGEST, _MARK = 60, 6


class EvidenceStore:
    """Writes the evidence of one scenario into its own folder below the reports."""

    def __init__(self, reports: Path, scenario: str, redactor: Redactor) -> None:
        """Write below `reports`/evidence, in a folder named after `scenario`."""
        self._reports = reports
        self._folder = reports / "evidence" / slug(scenario)
        self._redactor = redactor
        self._count = 0

    def write(self, title: str, content: bytes | str, kind: str) -> Evidence:
        """Write `content` without secrets into a new file, and return its path and hash."""
        raw = content.encode() if isinstance(content, str) else content
        archive = kind == "zip"
        redact = self._redactor.redact_archive if archive else self._redactor.redact_bytes
        clean = redact(raw)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._count += 1
        path = self._folder / f"{self._count:02d}-{slug(title)}.{_SUFFIXES[kind]}"
        with path.open("xb") as file:
            file.write(clean)
        relative = path.relative_to(self._reports).as_posix()
        return Evidence(relative, hashlib.sha256(clean).hexdigest(), kind, title)


def slug(text: str) -> str:
    """Return the text as a file name: lower-case letters, digits and hyphens.

    One that is too long ends with the beginning of its hash, so that examples stay apart.
    """
    whole = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "unnamed"
    if len(whole) <= _LONGEST:
        return whole
    mark = hashlib.sha256(whole.encode()).hexdigest()[:_MARK]
    return f"{whole[: _LONGEST - _MARK - 1]}-{mark}"
