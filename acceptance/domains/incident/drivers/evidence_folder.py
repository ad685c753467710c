"""Reads the folder with the evidence of an incident: its files and their hashes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HASHES = "SHA256SUMS"
"""The file that lists the hashes of all others, as `sha256sum` writes it."""


@dataclass(frozen=True)
class EvidenceFile:
    """A file of the evidence that was preserved."""

    name: str
    size: int
    """In bytes."""
    sealed: bool
    """Whether its SHA-256 is the one in the list of hashes."""
    content: bytes = field(default=b"", repr=False)


def read_evidence(folder: Path) -> tuple[EvidenceFile, ...]:
    """Return all files of the folder but the list of hashes, by name; none without a folder."""
    listing = folder / HASHES
    text = listing.read_text(encoding="utf-8", errors="replace") if listing.is_file() else ""
    # Two spaces, or a space and a star for a file that was read in binary mode.
    hashes = {line[66:]: line[:64] for line in text.splitlines() if line[64:65] == " "}
    found = []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        name = path.relative_to(folder).as_posix()
        if name == HASHES:
            continue
        content = path.read_bytes()
        sealed = hashes.get(name) == hashlib.sha256(content).hexdigest()
        found.append(EvidenceFile(name, len(content), sealed, content))
    return tuple(found)
