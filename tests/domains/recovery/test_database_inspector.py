from __future__ import annotations

import json
from typing import Any

import pytest

from acceptance.domains.recovery import DatabaseInspector
from acceptance.domains.recovery.drivers import catalog
from acceptance.domains.recovery.drivers.database_inventory import TableContent, read_inventory
from acceptance.judgement import Unverifiable
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of


class FakeDatabase:
    """Answers the statements of the inventory from counts of rows by table."""

    def __init__(self, **rows: int) -> None:
        """Have tables with so many rows."""
        self.rows = rows

    def execute(self, statement: str, **_: object) -> tuple[str, ...]:
        """Return one line of JSON, as psql writes it."""
        names = [f"public.{name}" for name in self.rows]
        if statement == catalog.TABLES:
            return (json.dumps([[name, True] for name in names]),)
        if statement == catalog.SEQUENCES:
            return ("[]",)
        if statement == catalog.ENTRIES:
            return (json.dumps([["role", "checkout", "login"]]),)
        assert statement == catalog.content_of(tuple(names))
        return (json.dumps([[count, str(count * 7)] for count in self.rows.values()]),)


def inspector_of(database: FakeDatabase) -> DatabaseInspector:
    """Return an inspector who asks this database."""
    inspector: Any = DatabaseInspector(context_of(SYSTEM))
    inspector._sql = database.execute
    return inspector  # type: ignore[no-any-return]


def test_an_inventory_is_read() -> None:
    """Each table has its own rows and checksum."""
    found = read_inventory(FakeDatabase(items=2, payments=1).execute)
    assert found.tables == (
        TableContent("public.items", 2, "14"),
        TableContent("public.payments", 1, "7"),
    )
    assert [each.kind for each in found.entries] == ["role"]


def test_what_is_missing_afterwards_is_named() -> None:
    """The table, and how many rows it had and has."""
    database = FakeDatabase(items=2, payments=3)
    inspector = inspector_of(database)
    before = inspector.take_inventory()
    inspector.assert_as_before(before)
    database.rows["payments"] = 0
    with pytest.raises(AssertionError, match=r"table public\.payments: 3 rows before, 0 after"):
        inspector.assert_as_before(before)


@pytest.mark.parametrize(
    ("rows", "said"),
    [({"items": 2, "audit": 0}, r"written into public\.audit"), ({}, "has no table")],
)
def test_where_nothing_is_nothing_is_proved(rows: dict[str, int], said: str) -> None:
    """An empty table, and a database without one, leave the criterion unverified."""
    with pytest.raises(Unverifiable, match=said):
        inspector_of(FakeDatabase(**rows)).take_inventory()
