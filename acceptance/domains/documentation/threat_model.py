"""Reads a threat model: a Markdown page with tables of boundaries, threats and accepted risks."""

from __future__ import annotations

from dataclasses import dataclass

from acceptance.domains.documentation.drivers.pages import markdown_tables
from acceptance.readiness.placeholders import placeholder_reason

STRIDE = (
    *("spoofing", "tampering", "repudiation", "information disclosure"),
    *("denial of service", "elevation of privilege"),
)
"""The six kinds of threats (Microsoft, The STRIDE Threat Model)."""


@dataclass(frozen=True)
class Threat:
    """What an attacker could do at a boundary, what prevents it, and what proves that."""

    id: str
    boundary: str
    kind: str
    threat: str
    mitigation: str
    proofs: tuple[str, ...]
    """Each is an item, an item and one of its scenarios, or the id of an accepted risk."""


@dataclass(frozen=True)
class AcceptedRisk:
    """What is not mitigated, who accepts that, and until when."""

    id: str
    risk: str
    owner: str
    until: str


@dataclass(frozen=True)
class ThreatModel:
    """The tables of a page."""

    boundaries: tuple[str, ...]
    threats: tuple[Threat, ...]
    risks: tuple[AcceptedRisk, ...]


def read_threats(text: str) -> ThreatModel:
    """Read a page; the heads of its tables say which is which, and other tables are ignored."""
    boundaries: list[str] = []
    threats: list[Threat] = []
    risks: list[AcceptedRisk] = []
    for head, *rows in markdown_tables(text):
        named = [dict(zip(head, row, strict=True)) for row in rows]
        if {"boundary", "kind", "threat", "mitigation", "proof"} <= set(head):
            threats += [
                Threat(
                    each["id"],
                    each["boundary"],
                    each["kind"],
                    each["threat"],
                    each["mitigation"],
                    tuple(filter(None, map(str.strip, each["proof"].split(";")))),
                )
                for each in named
            ]
        elif {"risk", "owner", "until"} <= set(head):
            columns = ("id", "risk", "owner", "until")
            risks += [AcceptedRisk(*(each[name] for name in columns)) for each in named]
        elif {"boundary", "between"} <= set(head):
            boundaries += [each["boundary"] for each in named]
    return ThreatModel(tuple(boundaries), tuple(threats), tuple(risks))


def read_roles(text: str) -> frozenset[str]:
    """Return the names in a page's tables of roles: of the roles, and of who has them."""
    found = set()
    for head, *rows in markdown_tables(text):
        if "role" in head:
            columns = [at for at, name in enumerate(head) if name in {"role", "who"}]
            cells = (row[at] for row in rows for at in columns)
            found |= {cell for cell in cells if placeholder_reason(cell) is None}
    return frozenset(found)
