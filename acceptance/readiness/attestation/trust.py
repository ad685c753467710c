"""Whom the team believes what: attestations/trust.toml."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jsonschema
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from securesystemslib.signer import SSlibKey

from acceptance.errors import BrokenInput
from acceptance.readiness.outcome import Demand

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from acceptance.readiness.tracker import Tracker

TRUST_FILE = "trust.toml"
_TEXT = {"type": "string", "minLength": 1, "not": {"pattern": "[\\u0000-\\u001f\\u007f]"}}
_DAY = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_ROLES = {"type": "array", "items": _TEXT, "minItems": 1}
_KEY = {"keyid": _HASH, "public": _HASH, "person": _TEXT, "roles": _ROLES}
_KEY |= {"valid_from": _DAY, "valid_until": _DAY}
_SCHEMA = {
    "type": "object",
    "required": ["policy"],
    "properties": {
        "policy": {
            "type": "object",
            "required": ["max_commits", "may_waive"],
            "properties": {
                "max_commits": {"type": "integer", "minimum": 0},
                "may_waive": {"type": "array", "items": _TEXT},
            },
            "additionalProperties": False,
        },
        "items": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["role", "mode"],
                "properties": {
                    "role": _TEXT,
                    "mode": {"enum": ["instead", "also"]},
                    "covers": {"type": "array", "items": _TEXT},
                },
                "additionalProperties": False,
            },
        },
        "keys": {
            "type": "array",
            "items": {
                "type": "object",
                "required": list(_KEY),
                "properties": _KEY,
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}


@dataclass(frozen=True)
class TrustedKey:
    """A public key, whose it is, and for which roles its owner may speak."""

    key: SSlibKey
    person: str
    roles: tuple[str, ...]
    valid_from: dt.date
    valid_until: dt.date
    """The last day."""


@dataclass(frozen=True)
class Trust:
    """The root of all trust in attestations."""

    keys: Mapping[str, TrustedKey]
    """By key id."""
    demands: tuple[Demand, ...]
    may_waive: tuple[str, ...]
    """The roles that may decide to ship without an item."""
    max_commits: int
    """An attestation of a commit that is more commits behind no longer counts."""

    def demand(self, item: str) -> Demand | None:
        """Return who has to speak about an item, if anybody has to."""
        return next((demand for demand in self.demands if demand.item == item), None)


NO_TRUST = Trust(keys={}, demands=(), may_waive=(), max_commits=0)


def load_trust(folder: Path, tracker: Tracker) -> Trust:
    """Read `folder`/trust.toml; a folder that does not exist trusts nobody and asks for nothing.

    Raises `BrokenInput` if the folder has no such file, or one that cannot be used: a demand that
    got lost in a typing error would be met by nobody's word.
    """
    if not folder.exists():
        return NO_TRUST
    path = folder / TRUST_FILE
    try:
        found = _plain(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}. Try: git checkout {path.name}"
        raise BrokenInput(message) from error
    except ValueError as error:
        raise BrokenInput(f"{path} is not valid TOML: {error}.") from error
    wrong = jsonschema.exceptions.best_match(
        jsonschema.Draft202012Validator(_SCHEMA).iter_errors(found)
    )
    if wrong is not None:
        place = ".".join(map(str, wrong.absolute_path)) or "it"
        raise BrokenInput(f"{path}: {place} is wrong: {wrong.message}. See docs/attestations.md.")
    items: dict[str, Any] = found.get("items", {})
    known = {item.id for item in tracker.items}
    strangers = [item for item in items if item not in known]
    if strangers:
        raise BrokenInput(
            f"{path} asks for an attestation of {strangers[0]}, which the tracker does not have. "
            "Try: correct its id."
        )
    return Trust(
        keys=_keys(found.get("keys", []), path),
        demands=tuple(
            Demand(item, each["role"], each["mode"], tuple(each.get("covers", ())))
            for item, each in items.items()
        ),
        may_waive=tuple(found["policy"]["may_waive"]),
        max_commits=found["policy"]["max_commits"],
    )


def _keys(entries: list[dict[str, Any]], path: Path) -> dict[str, TrustedKey]:
    keys: dict[str, TrustedKey] = {}
    for entry in entries:
        try:
            public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(entry["public"]))
            days = [dt.date.fromisoformat(entry[name]) for name in ("valid_from", "valid_until")]
        except ValueError as error:
            raise BrokenInput(f"{path}: the key of {entry['person']} is wrong: {error}.") from error
        key = SSlibKey.from_crypto(public)
        if key.keyid != entry["keyid"]:
            raise BrokenInput(
                f"{path}: the key of {entry['person']} has the id {key.keyid}, not "
                f"{entry['keyid']}. Try: acceptance attest --new-key prints both."
            )
        if key.keyid in keys:
            raise BrokenInput(f"{path} has the key {key.keyid} twice. Try: one entry, all roles.")
        keys[key.keyid] = TrustedKey(key, entry["person"], tuple(entry["roles"]), days[0], days[1])
    return keys


def _plain(value: Any) -> Any:  # noqa: ANN401 (any TOML value)
    """Write dates as text, which is what the schema knows."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, dt.date | dt.time) else value
