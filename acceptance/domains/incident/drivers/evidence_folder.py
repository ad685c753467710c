"""Reads the folder with the evidence of an incident: its files, their hashes, secrets in them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
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
    secrets: int
    """How many of the secret values it holds."""


def read_evidence(folder: Path, secrets: Collection[bytes]) -> tuple[EvidenceFile, ...]:
    """Return all files of the folder but the list of hashes, by name; none without a folder."""
    listing = folder / HASHES
    lines = listing.read_text(encoding="utf-8").splitlines() if listing.is_file() else []
    hashes = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    found = []
    for path in sorted(each for each in folder.glob("*") if each.name != HASHES):
        content = path.read_bytes()
        sealed = hashes.get(path.name) == hashlib.sha256(content).hexdigest()
        held = sum(secret in content for secret in secrets)
        found.append(EvidenceFile(path.name, len(content), sealed, held))
    return tuple(found)
