"""A store without any defence: SQL statements put together as text, and sequential ids."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from uuid import UUID

_BYSTANDER = "a bystander"
_FIRST = 0x5EED


class VulnerableStore:
    """Keeps names in a database in memory, by statements that are put together as text."""

    def keep(self, text: str) -> tuple[str, ...]:
        """Store a name beside one that is there, and return all names then; none if all is lost.

        A harmless name gives the bystander and that name.
        """
        with closing(sqlite3.connect(":memory:")) as database:
            database.executescript("CREATE TABLE checkouts (customer TEXT)")
            try:
                database.execute("INSERT INTO checkouts VALUES (?)", (_BYSTANDER,))
                database.executescript(f"INSERT INTO checkouts VALUES ('{text}')")  # noqa: S608
                found = database.execute("SELECT customer FROM checkouts").fetchall()
            except sqlite3.Error:
                return ()
            return tuple(str(row[0]) for row in found)

    def find(self, text: str) -> int:
        """Return how many of three checkouts are found when one is looked up by a text."""
        with closing(sqlite3.connect(":memory:")) as database:
            database.executescript("CREATE TABLE checkouts (id TEXT)")
            database.executemany("INSERT INTO checkouts VALUES (?)", [("a",), ("b",), ("c",)])
            try:
                found = database.execute(f"SELECT id FROM checkouts WHERE id = '{text}'")  # noqa: S608
                return len(found.fetchall())
            except sqlite3.Error:
                return 0


def sequential_ids(count: int) -> tuple[UUID, ...]:
    """Return sequential ids in the form of UUIDs."""
    return tuple(UUID(int=_FIRST + number, version=4) for number in range(count))
