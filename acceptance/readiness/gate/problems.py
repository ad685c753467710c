"""Finds problems outside a report: in evidence files, the working tree and expiry dates."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from acceptance.readiness.revision import DIRTY, UNKNOWN

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path


def evidence_problems(document: Mapping[str, Any], folder: Path) -> list[str]:
    """Return a sentence if evidence below the report's `folder` is missing or changed."""
    spoilt = [
        found["path"]
        for item in document["items"]
        for found in item["evidence"]
        if not _unchanged(folder, found["path"], found["sha256"])
    ]
    if not spoilt:
        return []
    more = f" and {len(spoilt) - 1} more" if len(spoilt) > 1 else ""
    told = f"The evidence {spoilt[0]}{more} is missing or was changed below {folder}."
    return [f"{told} Try: make acceptance, or copy the whole reports folder"]


def revision_problems(commit: str) -> list[str]:
    """Return a sentence if `commit` does not identify the sources: none, or uncommitted changes."""
    if commit == UNKNOWN:
        return ["This is not a git repository, so the commit of the report cannot be checked."]
    if commit.endswith(DIRTY):
        told = (
            "There are uncommitted changes, and a report does not record which of them it covers."
        )
        return [f"{told} Try: commit them, and run again"]
    return []


def expiry_problems(document: Mapping[str, Any], today: dt.date) -> list[str]:
    """Return a sentence for each waiver and attestation that ended after the report was written."""
    found = []
    for item in document["items"]:
        waiver = item["waiver"]
        if waiver is not None and _over(waiver.get("expires"), today):
            found.append(f"The waiver of {item['id']} ended on {waiver.get('expires')}.")
        counting = [each for each in item["attestations"] if each["valid"]]
        if counting and item["verdict"] == "met":
            last = max(str(each["expires"]) for each in counting)
            if _over(last, today):
                found.append(f"The attestation of {item['id']} ended on {last}.")
    return [f"{sentence} Try: make acceptance" for sentence in found]


def _over(day: object, today: dt.date) -> bool:
    """Return whether an ISO 8601 date is past; any other text counts as past."""
    try:
        return type(today).fromisoformat(str(day)) < today
    except ValueError:
        return True


def _unchanged(folder: Path, name: str, sha256: str) -> bool:
    path = folder / name
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            return False
        return hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    except (OSError, ValueError):
        return False
