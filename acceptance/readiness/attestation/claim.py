"""Reads what a person signs: an in-toto Statement about one item (docs/attestations.md).

Sources: https://github.com/in-toto/attestation/tree/main/spec/v1 (Statement, ResourceDescriptor,
DigestSet). Unknown fields are ignored, as that specification requires.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import jsonschema

if TYPE_CHECKING:
    from collections.abc import Sequence

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATES: dict[str, Literal["attestation", "waiver"]] = {
    "https://checkout-acceptance.example/attestation/v1": "attestation",
    "https://checkout-acceptance.example/waiver/v1": "waiver",
}
_SCHEMA = json.loads(Path(__file__).with_name("statement.schema.json").read_text(encoding="utf-8"))
_LONGEST = 120


class MalformedStatement(Exception):
    """A file that is not one of our statements; the message says why."""


@dataclass(frozen=True)
class ClaimedFile:
    """A signed file of the repository."""

    name: str
    """Its path, relative to the root of the repository."""
    sha256: str


@dataclass(frozen=True)
class ClaimedLink:
    """A link to evidence, and the hash of its content when it was signed. It is not fetched."""

    uri: str
    sha256: str


@dataclass(frozen=True)
class Claim:
    """A person's statement about one item, before it is verified."""

    kind: Literal["attestation", "waiver"]
    item: str
    item_sha256: str
    """The hash of the item's text at the time of signing: it does not fit a reworded item."""
    statement: str
    """For a waiver: the reason why the release may go out without the item."""
    person: str
    role: str
    date: dt.date
    expires: dt.date
    """The last day on which the statement counts."""
    commit: str
    """The commit that the person reviewed."""
    covers: tuple[str, ...] = ()
    """Paths that must not change after `commit`; without any, only the commit's age counts."""
    files: tuple[ClaimedFile, ...] = ()
    links: tuple[ClaimedLink, ...] = ()
    issue: str = ""
    """The issue of a waiver."""

    @property
    def link(self) -> str:
        """Return the link for readers: the issue, or the first evidence that is a link."""
        return self.issue or next((link.uri for link in self.links), "")

    def to_bytes(self) -> bytes:
        """Return the claim as the JSON that the person signs."""
        text = "statement" if self.kind == "attestation" else "reason"
        predicate: dict[str, Any] = {
            "item": {"id": self.item, "digest": {"sha256": self.item_sha256}},
            text: self.statement,
            "person": self.person,
            "role": self.role,
            "date": self.date.isoformat(),
            "expires": self.expires.isoformat(),
        }
        if self.kind == "waiver":
            predicate["issue"] = self.issue
        else:
            files = [{"name": each.name, "digest": _sha256(each.sha256)} for each in self.files]
            links = [{"uri": each.uri, "digest": _sha256(each.sha256)} for each in self.links]
            predicate |= {"covers": list(self.covers), "evidence": [*files, *links]}
        return json.dumps(
            {
                "_type": STATEMENT_TYPE,
                "subject": [{"name": "repository", "digest": {"gitCommit": self.commit}}],
                "predicateType": next(uri for uri, kind in PREDICATES.items() if kind == self.kind),
                "predicate": predicate,
            },
            indent=1,
            ensure_ascii=False,
        ).encode()


def read_claim(content: bytes) -> Claim:
    """Read a signed statement.

    Raises `MalformedStatement` for anything but one statement of a known type.
    """
    found = strict_json(content)
    _check(found, "statement")
    kind = PREDICATES.get(found["predicateType"])
    if kind is None:
        raise MalformedStatement(f"its predicate type {_short(found['predicateType'])} is unknown")
    said = found["predicate"]
    _check(said, kind)
    evidence: Sequence[dict[str, Any]] = said.get("evidence", ())
    return Claim(
        kind=kind,
        item=said["item"]["id"],
        item_sha256=said["item"]["digest"]["sha256"],
        statement=said["statement" if kind == "attestation" else "reason"],
        person=said["person"],
        role=said["role"],
        date=_day(said["date"]),
        expires=_day(said["expires"]),
        commit=found["subject"][0]["digest"]["gitCommit"],
        covers=tuple(said.get("covers", ())),
        files=tuple(
            ClaimedFile(each["name"], each["digest"]["sha256"])
            for each in evidence
            if "uri" not in each
        ),
        links=tuple(
            ClaimedLink(each["uri"], each["digest"]["sha256"]) for each in evidence if "uri" in each
        ),
        issue=said.get("issue", ""),
    )


def strict_json(content: bytes) -> Any:  # noqa: ANN401 (any JSON value)
    """Read JSON without duplicate keys: two readers could take different values for one key.

    Raises `MalformedStatement`.
    """
    try:
        return json.loads(
            content.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_number
        )
    except (ValueError, RecursionError) as error:
        raise MalformedStatement(f"it is not JSON: {_short(str(error))}") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise MalformedStatement(f"it has the key {_short(twice)} twice")
    return found


def _no_number(text: str) -> None:
    raise MalformedStatement(f"it is not JSON: {text} is not a number")


def _check(value: object, definition: str) -> None:
    schema = {"$ref": f"#/$defs/{definition}", "$defs": _SCHEMA["$defs"]}
    validator = jsonschema.Draft202012Validator(schema)
    error = jsonschema.exceptions.best_match(validator.iter_errors(value))
    if error is not None:
        path = ".".join(map(str, error.absolute_path)) or definition
        raise MalformedStatement(f"its {_short(path)} is wrong: {_short(error.message)}")


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise MalformedStatement(f"it has the date {text}, which does not exist") from error


def _sha256(digest: str) -> dict[str, str]:
    return {"sha256": digest}


def _short(text: str) -> str:
    shown = "".join(sign if sign.isprintable() else "?" for sign in text)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
