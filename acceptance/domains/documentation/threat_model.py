"""Reads a threat model: a Markdown page whose tables say what is trusted, feared, and accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator

STRIDE = (
    *("spoofing", "tampering", "repudiation", "information disclosure"),
    *("denial of service", "elevation of privilege"),
)
"""The six kinds of threats (Microsoft, The STRIDE Threat Model)."""


@dataclass(frozen=True)
class Threat:
    """What somebody could do at a boundary, what keeps them from it, and what shows that."""

    id: str
    boundary: str
    kind: str
    threat: str
    mitigation: str
    proofs: tuple[str, ...]
    """Each an item, an item and a scenario of it, or the id of an accepted risk."""


@dataclass(frozen=True)
class Risk:
    """What is not mitigated, by whose decision, and until when."""

    id: str
    risk: str
    owner: str
    until: str


@dataclass(frozen=True)
class ThreatModel:
    """A page, read."""

    boundaries: tuple[str, ...]
    threats: tuple[Threat, ...]
    risks: tuple[Risk, ...]


def read_threats(text: str) -> ThreatModel:
    """Read a page: tables are known by the words of their heads, and other tables are left."""
    boundaries: list[str] = []
    threats: list[Threat] = []
    risks: list[Risk] = []
    for head, *rows in _tables(text):
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
            risks += [Risk(*(each[n] for n in ("id", "risk", "owner", "until"))) for each in named]
        elif {"boundary", "between"} <= set(head):
            boundaries += [each["boundary"] for each in named]
    return ThreatModel(tuple(boundaries), tuple(threats), tuple(risks))


def _tables(text: str) -> Iterator[list[list[str]]]:
    """Yield every table as rows of cells, the head first."""
    rows: list[list[str]] = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "table_open":
            rows = []
        elif token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows:
            rows[-1].append(token.content.strip())
        elif token.type == "table_close":
            yield rows
            rows = []
