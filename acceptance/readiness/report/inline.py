"""Puts evidence into the page, so that the page can be sent alone, as in a mail."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.readiness.report.tally import worst_first

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BUDGET_BYTES = 6 * 2**20
"""The limit for all evidence in the page: mail servers refuse more than about 10 MiB."""
_IMAGE_BYTES = 2**20
_HEAD, _TAIL = 12_000, 8_000
"""The characters of a long text that are kept: its beginning, and its end, where errors are."""
_DIFF = re.compile(r"^(diff |--- |@@ )")
# HTML forbids these characters; a browser would replace a NUL in a log by another character.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_KIB = 1024


@dataclass(frozen=True)
class InlineEvidence:
    """One piece of evidence in the page: a picture, a text, or why it is missing."""

    image: str = ""
    """The picture as a `data:` URL."""
    text: str = ""
    lines: tuple[tuple[str, str], ...] = ()
    """The lines of a diff: (added, removed or same; the line)."""
    absent: str = ""
    """Why it is not in the page."""
    linked: bool = False
    """Whether it is in the folder of the report, unchanged."""


def inline(
    document: Mapping[str, Any], reports: Path, budget: int = BUDGET_BYTES
) -> dict[str, InlineEvidence]:
    """Return the evidence below `reports` by its path, until `budget` bytes are used up.

    The evidence of items that are not met comes first.
    """
    found: dict[str, InlineEvidence] = {}
    left = budget
    for item in worst_first(document["items"]):
        for evidence in item["evidence"]:
            if evidence["path"] in found:
                continue
            shown = _inlined(reports, evidence)
            size = len(shown.image) + len(shown.text.encode("utf-8", "replace"))
            if size > left:
                shown, size = (
                    InlineEvidence(absent="left out, to keep this page small", linked=True),
                    0,
                )
            left -= size
            found[evidence["path"]] = shown
    return found


def _inlined(reports: Path, evidence: Mapping[str, Any]) -> InlineEvidence:
    path, kind = reports / evidence["path"], evidence["kind"]
    if not path.resolve().is_relative_to(reports.resolve()):
        return InlineEvidence(
            absent="not in the folder of this report"
        )  # a path outside of the folder is not read either
    try:
        size = path.stat().st_size
        if kind in {"zip", "pdf", "file"} or (kind == "png" and size > _IMAGE_BYTES):
            return InlineEvidence(
                absent=f"{_size(size)}, in the folder of this report", linked=True
            )
        content = path.read_bytes()
    except OSError:
        return InlineEvidence(absent="missing")
    if hashlib.sha256(content).hexdigest() != evidence["sha256"]:
        return InlineEvidence(absent="changed after the run")
    if kind == "png":
        return InlineEvidence(image=f"data:image/png;base64,{base64.b64encode(content).decode()}")
    text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", content.decode("utf-8", "replace"))
    if len(text) > _HEAD + _TAIL:
        cut = len(text) - _HEAD - _TAIL
        text = f"{text[:_HEAD]}\n… {cut} characters left out …\n{text[-_TAIL:]}"
    lines = tuple((_kind_of(line), line) for line in text.splitlines()) if _DIFF.match(text) else ()
    return InlineEvidence(text=text or "(empty)", lines=lines)


def _kind_of(line: str) -> str:
    if line.startswith("+") and not line.startswith("+++"):
        return "added"
    return "removed" if line.startswith("-") and not line.startswith("---") else "same"


def _size(size: int) -> str:
    return f"{size / _KIB:.0f} KiB" if size < _KIB**2 else f"{size / _KIB**2:.1f} MiB"
