"""Reads which keys and roles the team trusts: attestations/trust.toml."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import Field, Strict
from securesystemslib.signer import SSlibKey

from acceptance.errors import BrokenInput
from acceptance.readiness.outcome import AttestationRequirement
from acceptance.toml_file import Count, Day, read_toml

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from acceptance.readiness.tracker import Tracker

TRUST_FILE = "trust.toml"

_Line: TypeAlias = Annotated[
    str,
    Strict(),
    Field(pattern=r"^[^\x00-\x1f\x7f]+$", description="a text of one line that is not empty"),
]
_Hash: TypeAlias = Annotated[
    str, Strict(), Field(pattern="^[0-9a-f]{64}$", description="64 hexadecimal digits")
]


@dataclass(frozen=True)
class _PolicyTable:
    max_commits: Annotated[Count, Field(ge=0)]
    may_waive: tuple[_Line, ...]


@dataclass(frozen=True)
class _ItemTable:
    role: _Line
    mode: Literal["instead", "also"]
    covers: tuple[_Line, ...] = ()


@dataclass(frozen=True)
class _KeyTable:
    keyid: _Hash
    public: _Hash
    person: _Line
    roles: Annotated[tuple[_Line, ...], Field(min_length=1)]
    valid_from: Day
    valid_until: Day


@dataclass(frozen=True)
class _TrustTable:
    """The keys of trust.toml; docs/attestations.md explains them."""

    policy: _PolicyTable
    items: dict[str, _ItemTable] = field(default_factory=dict)
    keys: tuple[_KeyTable, ...] = ()


@dataclass(frozen=True)
class TrustedKey:
    """A public key, its owner, and the roles in which they may sign."""

    key: SSlibKey
    person: str
    roles: tuple[str, ...]
    valid_from: dt.date
    valid_until: dt.date
    """The last day on which the key is valid."""


@dataclass(frozen=True)
class Trust:
    """The trusted keys, and the items that need an attestation."""

    keys: Mapping[str, TrustedKey]
    """The trusted keys by their ids."""
    requirements: tuple[AttestationRequirement, ...]
    may_waive: tuple[str, ...]
    """The roles that may decide to ship without an item."""
    max_commits: int
    """An attestation no longer counts if its commit is more commits behind than this."""

    def requirement(self, item: str) -> AttestationRequirement | None:
        """Return the attestation that an item needs; None if it needs none."""
        return next(
            (requirement for requirement in self.requirements if requirement.item == item), None
        )


NO_TRUST = Trust(keys={}, requirements=(), may_waive=(), max_commits=0)


def load_trust(folder: Path, tracker: Tracker) -> Trust:
    """Read `folder`/trust.toml; without the folder no key is trusted and nothing is required.

    Raises `BrokenInput` if the folder has no such file, or an invalid one: a typing error must
    not remove a requirement.
    """
    if not folder.exists():
        return NO_TRUST
    path = folder / TRUST_FILE
    found = read_toml(path, _TrustTable, remedy=f"Try: git checkout {path.name}")
    known = {item.id for item in tracker.items}
    strangers = [item for item in found.items if item not in known]
    if strangers:
        raise BrokenInput(
            f"{path} requires an attestation of {strangers[0]}, which is not in the tracker. "
            "Try: correct its id."
        )
    return Trust(
        keys=_keys(found.keys, path),
        requirements=tuple(
            AttestationRequirement(item, each.role, each.mode, each.covers)
            for item, each in found.items.items()
        ),
        may_waive=found.policy.may_waive,
        max_commits=found.policy.max_commits,
    )


def _keys(entries: Sequence[_KeyTable], path: Path) -> dict[str, TrustedKey]:
    keys: dict[str, TrustedKey] = {}
    for entry in entries:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(entry.public))
        key = SSlibKey.from_crypto(public)
        if key.keyid != entry.keyid:
            raise BrokenInput(
                f"{path}: the key of {entry.person} has the id {key.keyid}, not "
                f"{entry.keyid}. Try: acceptance attest --new-key prints both."
            )
        if key.keyid in keys:
            raise BrokenInput(f"{path} has the key {key.keyid} twice. Try: one entry, all roles.")
        keys[key.keyid] = TrustedKey(
            key, entry.person, entry.roles, entry.valid_from, entry.valid_until
        )
    return keys
