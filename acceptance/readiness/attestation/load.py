"""Reads and verifies the signed statements of a folder, and keeps them as evidence."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from acceptance.readiness.attestation.claim import MalformedStatement, read_claim
from acceptance.readiness.attestation.commits import Commits
from acceptance.readiness.attestation.envelope import open_envelope
from acceptance.readiness.attestation.trust import load_trust
from acceptance.readiness.attestation.verification import (
    SignedClaim,
    VerificationContext,
    evidence_of,
    rejection_reason,
)
from acceptance.readiness.evidence import EvidenceStore
from acceptance.readiness.outcome import StatementResult

if TYPE_CHECKING:
    import datetime as dt

    from acceptance.readiness.attestation.claim import Claim
    from acceptance.readiness.outcome import AttestationRequirement
    from acceptance.readiness.redaction import Redactor
    from acceptance.readiness.tracker import Tracker

PATTERN = "*.dsse.json"
EXPIRING_DAYS = 30
"""A statement that ends within this many days gets a note."""
_TEXTS = {".txt", ".md", ".log", ".csv", ".html", ".yaml", ".yml", ".toml", ".xml", ".patch"}


@dataclass(frozen=True)
class EvidenceCopy:
    """The content of a file at the time of its verification."""

    title: str
    content: bytes
    kind: str


@dataclass(frozen=True)
class LoadedStatement:
    """A statement about an item of the tracker, and the evidence that is kept with it."""

    path: Path
    result: StatementResult
    copies: tuple[EvidenceCopy, ...]


@dataclass(frozen=True)
class Statements:
    """All signed statements with their verification, and all required attestations."""

    found: tuple[LoadedStatement, ...] = ()
    requirements: tuple[AttestationRequirement, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences about statements that are unused or wrong, or end soon."""

    @property
    def statements(self) -> tuple[StatementResult, ...]:
        """Return the statements without evidence; `keep` returns them with evidence."""
        return tuple(each.result for each in self.found)

    def keep(self, reports: Path, redactor: Redactor) -> tuple[StatementResult, ...]:
        """Write each envelope, and the files that it names, below `reports`/evidence.

        Return the statements with this evidence: only with it can they make an item met.
        """
        kept = []
        for number, each in enumerate(self.found, 1):
            name = f"{each.result.item} {each.result.kind} {number}"
            store = EvidenceStore(reports, name, redactor)
            evidence = tuple(store.write(one.title, one.content, one.kind) for one in each.copies)
            kept.append(replace(each.result, evidence=evidence))
        return tuple(kept)


def load_statements(
    folder: Path, tracker: Tracker, repository: Path, now: dt.datetime, *, timeout: float
) -> Statements:
    """Read and verify the files in `folder`; `now` is UTC, `timeout` is seconds per git command.

    Without the folder there are no statements. A file that is not a statement becomes a note,
    not an error: the other statements still count.

    Raises `BrokenInput` for a trust.toml that cannot be used.
    """
    trust = load_trust(folder, tracker)
    commits = Commits(repository, timeout=timeout)
    inside = folder.is_relative_to(repository)
    place = folder.relative_to(repository).as_posix() if inside else ""
    here = VerificationContext(trust, tracker, repository, commits, now.date(), place)
    found, notes = [], []
    for path in sorted(folder.glob(PATTERN)):
        name = f"{folder.name}/{path.name}"
        try:
            content = path.read_bytes()
            envelope, keyid = open_envelope(content)
            claim = read_claim(envelope.payload)
        except OSError as error:
            notes.append(f"{name} is not used: {error.strerror}.")
            continue
        except MalformedStatement as error:
            notes.append(f"{name} is not used: {error}.")
            continue
        if claim.item not in {item.id for item in tracker.items}:
            notes.append(f"{name} is not used: it names {claim.item}, which is not in the tracker.")
            continue
        against = rejection_reason(SignedClaim(claim, envelope, keyid), here)
        key = trust.keys.get(keyid)
        result = _result(claim, against, key.valid_until if key else claim.expires)
        found.append(LoadedStatement(path, result, _copies(claim, content, repository)))
        notes += _notes(name, result, trust.requirement(claim.item), here)
    return Statements(tuple(found), trust.requirements, tuple(notes))


def _result(claim: Claim, against: str, key_ends: dt.date) -> StatementResult:
    expires = min(claim.expires, key_ends)  # a signature ends with its key
    return StatementResult(
        item=claim.item,
        kind=claim.kind,
        valid=not against,
        reason=against or f"signed on {claim.date}, and counts until {expires}",
        person=claim.person,
        role=claim.role,
        statement=claim.statement,
        date=claim.date.isoformat(),
        expires=expires.isoformat(),
        link=claim.link,
    )


def _copies(claim: Claim, envelope: bytes, repository: Path) -> tuple[EvidenceCopy, ...]:
    title = f"Signed {claim.kind} of {claim.person} for {claim.role}"
    files = evidence_of(claim, repository).items()
    named = (EvidenceCopy(name, content, kind_of(name, content)) for name, content in files)
    return (EvidenceCopy(title, envelope, "json"), *named)


def kind_of(name: str, content: bytes) -> str:
    """Return the kind of a piece of evidence, by its file name if the content agrees with it."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix == ".png" and content.startswith(b"\x89PNG"):
        return "png"
    if suffix == ".pdf" and content.startswith(b"%PDF"):
        return "pdf"
    try:
        text = content.decode("utf-8")
        if suffix == ".json":
            json.loads(text)
            return "json"
    except (ValueError, RecursionError):
        return "file"
    return "text" if suffix in _TEXTS else "file"


def _notes(
    name: str,
    found: StatementResult,
    requirement: AttestationRequirement | None,
    here: VerificationContext,
) -> tuple[str, ...]:
    """Return the notes on a statement, as the verdicts name required attestations only."""
    if not found.valid:
        if found.kind == "waiver" or requirement is None:
            return (f"{name}, the {found.kind} of {found.item}, does not count: {found.reason}.",)
        return ()
    left = (here.today.fromisoformat(found.expires) - here.today).days
    if left > EXPIRING_DAYS:
        return ()
    command = f"acceptance attest {found.item}{' --waive' if found.kind == 'waiver' else ''}"
    told = f"The {found.kind} of {found.item} by {found.person} ends on {found.expires}."
    return (f"{told} Try: {command}",)
