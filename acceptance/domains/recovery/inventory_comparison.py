"""Compares two inventories of a database, and names what is missing or different."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acceptance.domains.recovery.drivers.database_inventory import (
        CatalogEntry,
        DatabaseInventory,
        SequenceState,
        TableContent,
    )

_SHOWN = 100
_CAST = re.compile(
    r'::(?:"[^"]+"|[a-z_][a-z0-9_.]*(?: varying| precision| with(?:out)? time zone)?)'
    r"(?:\(\d+(?:,\d+)?\))?(?:\[\])*"
)
_LAYOUT = re.compile(r"[()\s]+")


def differences(before: DatabaseInventory, after: DatabaseInventory) -> tuple[str, ...]:
    """Return a sentence for each thing that is missing, different or new: rows come first."""
    return (
        *_of_tables(before.tables, after.tables),
        *_of_sequences(before.sequences, after.sequences),
        *_of_entries(before.entries, after.entries),
    )


def empty_tables(inventory: DatabaseInventory) -> tuple[str, ...]:
    """Return the names of the tables without a row, of which a comparison proves nothing."""
    return tuple(each.name for each in inventory.tables if each.fillable and not each.rows)


def _of_tables(before: tuple[TableContent, ...], after: tuple[TableContent, ...]) -> Iterator[str]:
    found = {each.name: each for each in after}
    for each in before:
        now = found.get(each.name)
        if now is None:
            yield f"table {each.name}: {_rows(each)} before, no table after"
        elif now.rows != each.rows:
            yield f"table {each.name}: {_rows(each)} before, {now.rows} after"
        elif now.checksum != each.checksum:
            yield f"table {each.name}: {_rows(each)} before and after, with other content"


def _rows(table: TableContent) -> str:
    return f"{table.rows} row{'s' * (table.rows != 1)}"


def _of_sequences(
    before: tuple[SequenceState, ...], after: tuple[SequenceState, ...]
) -> Iterator[str]:
    """A sequence may be ahead, as after a crash; one that is behind gives a value twice."""
    found = {each.name: each for each in after}
    for each in before:
        now = found.get(each.name)
        if now is not None and (now.next - each.next) * each.step < 0:
            yield f"sequence {each.name}: next value {each.next} before, {now.next} after"


def _of_entries(before: tuple[CatalogEntry, ...], after: tuple[CatalogEntry, ...]) -> Iterator[str]:
    old, new = _definitions(before), _definitions(after)
    for (kind, name), definition in old.items():
        now = new.get((kind, name))
        if now is None:
            yield f"{kind} {name}: there before, missing after"
        elif _meaning(now) != _meaning(definition):
            yield f"{kind} {name}: {_short(definition)} before, {_short(now)} after"
    for kind, name in sorted(new.keys() - old.keys()):
        yield f"{kind} {name}: not there before, there after"


def _definitions(entries: tuple[CatalogEntry, ...]) -> dict[tuple[str, str], str]:
    return {(each.kind, each.name): each.definition for each in entries}


def _meaning(definition: str) -> str:
    """Return a definition without casts and parentheses.

    PostgreSQL writes `(v)::text = ANY ((ARRAY['x'::varchar])::text[])` in another way once it has
    read its own text back from a backup.
    """
    return _LAYOUT.sub("", _CAST.sub("", definition))


def _short(definition: str) -> str:
    text = " ".join(definition.split())
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return f'"{shown}"'
