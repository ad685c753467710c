"""Verifies a signed statement: finds the first reason why it does not count.

A statement counts only if it passes every check.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from acceptance.errors import EnvironmentFailure
from acceptance.readiness.attestation.envelope import fits
from acceptance.readiness.placeholders import means_never, placeholder_reason

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable
    from pathlib import Path

    from securesystemslib.dsse import Envelope

    from acceptance.readiness.attestation.claim import Claim
    from acceptance.readiness.attestation.commits import Commits
    from acceptance.readiness.attestation.trust import Trust
    from acceptance.readiness.tracker import Tracker


@dataclass(frozen=True)
class VerificationContext:
    """The facts that a statement is verified against."""

    trust: Trust
    tracker: Tracker
    root: Path
    """The repository: evidence and covered paths are relative to it."""
    commits: Commits
    today: dt.date
    """In UTC."""
    folder: str = ""
    """The folder of the statements, relative to the repository."""

    def changed(self, commit: str, paths: tuple[str, ...]) -> list[str]:
        """Return the files that changed since a commit, except signed statements."""
        found = self.commits.changed(commit, paths)
        return [name for name in found if PurePosixPath(name).parent != PurePosixPath(self.folder)]


@dataclass(frozen=True)
class SignedClaim:
    """A claim, with the envelope that contained it."""

    claim: Claim
    envelope: Envelope
    keyid: str


def rejection_reason(signed: SignedClaim, here: VerificationContext) -> str:
    """Return why a statement does not count; empty if it does."""
    return next(filter(None, (check(signed, here) for check in _CHECKS)), "")


def evidence_of(claim: Claim, root: Path) -> dict[str, bytes]:
    """Return those files of a claim that have not changed since it was signed."""
    found = {}
    for file in claim.files:
        content = _read(root, file.name)
        if content is not None and hashlib.sha256(content).hexdigest() == file.sha256:
            found[file.name] = content
    return found


def _signature(signed: SignedClaim, here: VerificationContext) -> str:
    trusted = here.trust.keys.get(signed.keyid)
    if trusted is None:
        return f"the key {signed.keyid[:16]} is not in trust.toml"
    if not fits(signed.envelope, trusted.key):
        return "the signature does not fit: the statement is not what this key signed"
    return ""


def _speaker(signed: SignedClaim, here: VerificationContext) -> str:
    claim, trusted = signed.claim, here.trust.keys[signed.keyid]
    if claim.person != trusted.person:
        return f"it is in the name of {claim.person}, but signed with the key of {trusted.person}"
    if claim.role not in trusted.roles:
        return f"{claim.person} does not have the role {claim.role}"
    # The signer chooses the date, so with an expired key no statement counts, whatever its date.
    if not trusted.valid_from <= claim.date <= trusted.valid_until:
        return f"the key of {claim.person} was not valid on {claim.date}"
    if here.today > trusted.valid_until:
        return f"the key of {claim.person} expired on {trusted.valid_until}"
    return ""


def _role(signed: SignedClaim, here: VerificationContext) -> str:
    claim = signed.claim
    if claim.kind == "waiver":
        if claim.role not in here.trust.may_waive:
            return f"the role {claim.role} may not waive"
        return ""
    requirement = here.trust.requirement(claim.item)
    if requirement is None:
        return "trust.toml requires no attestation for this item"
    if claim.role != requirement.role:
        return f"it is signed in the role {claim.role}, and {requirement.role} is needed"
    return ""


def _wording(signed: SignedClaim, here: VerificationContext) -> str:
    texts = {item.id: item.sha256 for item in here.tracker.items}
    if texts.get(signed.claim.item) != signed.claim.item_sha256:
        return "the item was reworded after it was signed"
    return ""


def _dates(signed: SignedClaim, here: VerificationContext) -> str:
    claim = signed.claim
    if claim.date > here.today:
        return f"it is dated in the future ({claim.date})"
    if claim.expires < claim.date:
        return f"it expires ({claim.expires}) before its date ({claim.date})"
    if claim.expires < here.today:
        return f"it expired on {claim.expires}"
    if means_never(claim.expires, here.today):
        return f"it expires on {claim.expires}, which means never"
    return ""


def _statement(signed: SignedClaim, _: VerificationContext) -> str:
    reason = placeholder_reason(signed.claim.statement)
    return f"its statement is only filled in: {reason}" if reason else ""


def _commit(signed: SignedClaim, here: VerificationContext) -> str:
    claim = signed.claim
    distance = here.commits.distance(claim.commit)
    name = claim.commit[:12]
    if distance is None:
        return f"its commit {name} is not in this repository; try git fetch --unshallow"
    if distance.beside:
        return f"its commit {name} is not an ancestor of the current one"
    limit = here.trust.max_commits
    # A waiver has its own end date, and does not depend on the state of the files.
    if claim.kind == "attestation" and distance.behind > limit:
        return f"its commit {name} is {distance.behind} commits behind, and {limit} are allowed"
    return ""


def _coverage(signed: SignedClaim, here: VerificationContext) -> str:
    claim = signed.claim
    requirement = here.trust.requirement(claim.item) if claim.kind == "attestation" else None
    covers = (*claim.covers, *(requirement.covers if requirement else ()))
    if not covers:
        return ""
    try:
        nothing = [path for path in covers if not here.commits.holds(claim.commit, path)]
        changed = [] if nothing else here.changed(claim.commit, covers)
    except EnvironmentFailure as error:
        return f"the files that it covers cannot be compared: {error.message.splitlines()[0]}"
    if nothing:
        return f"it covers {nothing[0]}, which does not exist in its commit"
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        return f"files that it covers changed since: {changed[0]}{more}"
    return ""


def _evidence(signed: SignedClaim, here: VerificationContext) -> str:
    for file in signed.claim.files:
        content = _read(here.root, file.name)
        if content is None:
            return f"its evidence {file.name} is missing"
        if hashlib.sha256(content).hexdigest() != file.sha256:
            return f"its evidence {file.name} was changed"
    return ""


def _read(root: Path, name: str) -> bytes | None:
    """Read a file of the repository; None if it does not exist, or is outside."""
    path = root / name
    try:
        inside = path.resolve().is_relative_to(root.resolve())
        return path.read_bytes() if inside and not PurePosixPath(name).is_absolute() else None
    except (OSError, ValueError):
        return None


_CHECKS: tuple[Callable[[SignedClaim, VerificationContext], str], ...] = (
    _signature,
    _speaker,
    _wording,
    _role,
    _dates,
    _statement,
    _commit,
    _coverage,
    _evidence,
)
"""In the order of the checks: the signature and the signer come first."""
