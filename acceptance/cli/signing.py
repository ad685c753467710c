"""Signs an attestation or a waiver, and writes it only if it would count."""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.cli.asking import given, passphrase
from acceptance.errors import BrokenInput
from acceptance.readiness.attestation import (
    Claim,
    ClaimedFile,
    ClaimedLink,
    MalformedStatement,
    load_trust,
)
from acceptance.readiness.attestation.claim import read_claim
from acceptance.readiness.attestation.commits import Commits
from acceptance.readiness.attestation.envelope import open_envelope, sign
from acceptance.readiness.attestation.keys import load_key
from acceptance.readiness.attestation.verification import (
    SignedClaim,
    VerificationContext,
    rejection_reason,
)
from acceptance.readiness.tracker import parse

if TYPE_CHECKING:
    from acceptance.readiness.attestation import Trust, TrustedKey
    from acceptance.readiness.tracker import Item, Tracker
    from acceptance.settings import Settings

_DAYS = re.compile(r"(\d{1,4})d", re.ASCII)
_LINK = re.compile(r"(https?://[^#\s]+)#sha256=([0-9a-f]{64})")


@dataclass(frozen=True)
class SigningRequest:
    """The options of the command line; None is asked for on the terminal."""

    item: str
    waive: bool
    text: str | None
    person: str | None
    role: str | None
    expires: str | None
    evidence: tuple[str, ...]
    covers: tuple[str, ...]
    commit: str
    issue: str | None
    key: Path


def sign_and_keep(request: SigningRequest, settings: Settings, today: dt.date) -> Path:
    """Sign a statement and return its file.

    Raises `BrokenInput` with the objection if it would not count: nothing is written then.
    """
    tracker = parse(settings.tracker)
    trust = load_trust(settings.attestations, tracker)
    item = _item(request.item, tracker)
    requirement = trust.requirement(item.id)
    if not request.waive and requirement is None:
        raise BrokenInput(
            f"{item.id} needs no attestation: its scenarios decide it. "
            "Try: acceptance attest --list, or an entry in [items] of trust.toml"
        )
    signer = load_key(
        request.key, settings.root, lambda: passphrase(f"Passphrase of {request.key}")
    )
    trusted = trust.keys.get(signer.public_key.keyid)
    if trusted is None:
        raise BrokenInput(
            f"The key {request.key} is not in trust.toml (key id {signer.public_key.keyid}). "
            "Try: acceptance attest --new-key prints the lines for a new one"
        )
    commits = Commits(settings.root, timeout=settings.timeouts.command)
    commit = commits.resolve(request.commit)
    if commit is None:
        raise BrokenInput(f"There is no commit {request.commit} here. Try: git log")
    print(f"{item.id}: {item.text}", file=sys.stderr)
    option = "--reason TEXT" if request.waive else "--statement TEXT"
    question = "Why may the release go without it" if request.waive else "What do you attest"
    files, links = _evidence(request.evidence, settings.root)
    claim = Claim(
        kind="waiver" if request.waive else "attestation",
        item=item.id,
        item_sha256=item.sha256,
        statement=given(request.text, option, question),
        person=request.person or trusted.person,
        role=requirement.role
        if requirement and not (request.waive or request.role)
        else _role(request, trust, trusted),
        date=today,
        expires=_expires(given(request.expires, "--expires 90d", "Until when", "90d"), today),
        commit=commit,
        covers=tuple(_inside(path, settings.root) for path in request.covers),
        files=files,
        links=links,
        issue=given(request.issue, "--issue LINK", "The issue's link") if request.waive else "",
    )
    content = sign(claim.to_bytes(), signer)
    here = VerificationContext(trust, tracker, settings.root, commits, today)
    _require_valid(content, here)
    _warn(commits, commit, files)
    return _write(content, claim, signer.public_key.keyid, settings.attestations)


def _item(wanted: str, tracker: Tracker) -> Item:
    items = {item.id: item for item in tracker.items}
    if wanted not in items:
        near = difflib.get_close_matches(wanted, items, 1)
        hint = f"did you mean {near[0]}?" if near else "acceptance attest --list"
        raise BrokenInput(f"The tracker has no item {wanted}. Try: {hint}")
    return items[wanted]


def _role(request: SigningRequest, trust: Trust, trusted: TrustedKey) -> str:
    may = [role for role in trusted.roles if role in trust.may_waive] if request.waive else []
    only = may[0] if len(may) == 1 else None
    return given(request.role or only, "--role ROLE", "In which role do you sign")


def _expires(text: str, today: dt.date) -> dt.date:
    days = _DAYS.fullmatch(text)
    try:
        return today + dt.timedelta(int(days[1])) if days else dt.date.fromisoformat(text)
    except ValueError as error:
        raise BrokenInput(f"{text} is not a day. Try: --expires 90d, or 2027-05-31") from error


def _evidence(
    named: tuple[str, ...], root: Path
) -> tuple[tuple[ClaimedFile, ...], tuple[ClaimedLink, ...]]:
    files, links = [], []
    for each in named:
        link = _LINK.fullmatch(each)
        if link:
            links.append(ClaimedLink(link[1], link[2]))
        elif "://" in each:
            raise BrokenInput(
                f"The link {each} has no hash of its content. "
                "Try: LINK#sha256=… with the hash of what you read"
            )
        else:
            name = _inside(each, root)
            try:
                content = (root / name).read_bytes()
            except OSError as error:
                message = f"The evidence {each} cannot be read: {error.strerror}."
                raise BrokenInput(message) from error
            files.append(ClaimedFile(name, hashlib.sha256(content).hexdigest()))
    return tuple(files), tuple(links)


def _inside(path: str, root: Path) -> str:
    """Return a path as it is called in the repository."""
    resolved = Path(path).expanduser().resolve()
    if not resolved.is_relative_to(root):
        raise BrokenInput(
            f"{path} lies outside of the repository, where others cannot find it. "
            "Try: commit it, or give a link with its hash"
        )
    return resolved.relative_to(root).as_posix()


def _require_valid(content: bytes, here: VerificationContext) -> None:
    try:
        envelope, keyid = open_envelope(content)
        against = rejection_reason(SignedClaim(read_claim(envelope.payload), envelope, keyid), here)
    except MalformedStatement as error:
        against = str(error)
    if against:
        raise BrokenInput(f"Nothing was written, because it would not count: {against}.")


def _warn(commits: Commits, commit: str, files: tuple[ClaimedFile, ...]) -> None:
    warnings = []
    if commits.resolve("HEAD") != commit:
        warnings.append(f"You sign for {commit[:12]}, which is not the commit that is checked out.")
    changed = commits.uncommitted()
    if changed:
        count = f"{changed[0]} and {len(changed) - 1} more" if len(changed) > 1 else changed[0]
        warnings.append(f"You sign for a commit, but there are uncommitted changes: {count}.")
    warnings += [
        f"{file.name} is not committed yet: without it the statement does not count."
        for file in files
        if not commits.tracks(file.name)
    ]
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)


def _write(content: bytes, claim: Claim, keyid: str, folder: Path) -> Path:
    kind = "waiver." if claim.kind == "waiver" else ""
    stem = f"{claim.item}.{claim.date}.{keyid[:8]}"
    names = (f"{stem}{f'-{n}' if n > 1 else ''}.{kind}dsse.json" for n in range(1, 1000))
    path = next(folder / name for name in names if not (folder / name).exists())
    path.write_bytes(content)
    return path
