"""A store that believes what it is given: statements made of text, and ids that are counted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from uuid import UUID

_BYSTANDER = "a bystander"
_FIRST = 0x5EED


class NaiveStore:
    """Keeps names in a database in memory, by statements that are put together as text."""

    def keep(self, text: str) -> tuple[str, ...]:
        """Store a name beside one that is there, and return all names then; none if all is lost.

        Whoever reads (name, bystander) back has stored a name, and nothing else.
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
        """Return how many of three checkouts somebody gets who asks for one by a text."""
        with closing(sqlite3.connect(":memory:")) as database:
            database.executescript("CREATE TABLE checkouts (id TEXT)")
            database.executemany("INSERT INTO checkouts VALUES (?)", [("a",), ("b",), ("c",)])
            try:
                found = database.execute(f"SELECT id FROM checkouts WHERE id = '{text}'")  # noqa: S608
                return len(found.fetchall())
            except sqlite3.Error:
                return 0


def numbered(count: int) -> tuple[UUID, ...]:
    """Return ids as somebody makes them who counts, in the form of UUIDs."""
    return tuple(UUID(int=_FIRST + number, version=4) for number in range(count))
