"""Reads what a PostgreSQL database holds, so that it can be compared with what it held before."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.domains.recovery.drivers import catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True)
class TableContent:
    """The rows of a table or of a materialized view."""

    name: str
    rows: int
    checksum: str
    """Of all rows, in whatever order they are."""
    fillable: bool = True
    """Whether it should have rows: a partition need not, and a view has those of its tables."""


@dataclass(frozen=True)
class SequenceState:
    """Where a sequence is."""

    name: str
    next: int
    """The value that it gives next."""
    step: int


@dataclass(frozen=True)
class CatalogEntry:
    """Anything else: a column, constraint, index, view, function, owner, grant, role or setting."""

    kind: str
    name: str
    definition: str


@dataclass(frozen=True)
class DatabaseInventory:
    """Everything in a database, and the roles and settings of its server."""

    tables: tuple[TableContent, ...]
    sequences: tuple[SequenceState, ...]
    entries: tuple[CatalogEntry, ...]


def read_inventory(execute: Callable[[str], Iterable[str]]) -> DatabaseInventory:
    """Read everything with `execute`, which runs SQL as a superuser and returns lines.

    Nobody may write meanwhile. Raises what `execute` raises.
    """

    def ask(statement: str) -> list[list[Any]]:
        found: list[list[Any]] = json.loads("".join(execute(statement)))
        return found

    tables = ask(catalog.TABLES)
    names = tuple(str(name) for name, _ in tables)
    contents = ask(catalog.content_of(names)) if names else []
    return DatabaseInventory(
        tuple(
            TableContent(str(name), int(rows), str(checksum), bool(fillable))
            for (name, fillable), (rows, checksum) in zip(tables, contents, strict=True)
        ),
        tuple(
            SequenceState(str(name), int(value), int(step))
            for name, value, step in ask(catalog.SEQUENCES)
        ),
        tuple(CatalogEntry(*map(str, each)) for each in ask(catalog.ENTRIES)),
    )
