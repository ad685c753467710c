from __future__ import annotations

from dataclasses import replace

import pytest

from acceptance.domains.recovery.drivers.database_inventory import (
    CatalogEntry,
    DatabaseInventory,
    SequenceState,
    TableContent,
)
from acceptance.domains.recovery.inventory_comparison import differences, empty_tables

PAYMENTS = TableContent("public.payments", 3, "17")
ITEMS = TableContent("public.items", 1, "5")
SEQUENCE = SequenceState("public.items_id_seq", 57, 1)
INDEX = CatalogEntry("index", "public.items_of_checkout", "CREATE INDEX … (checkout_id, id)")
GRANT = CatalogEntry("grant", "SELECT on public.payments to monitor", "")
MEMBER = CatalogEntry("membership", "monitor in pg_monitor", "")
OWNER = CatalogEntry("owner", "public.items", "checkout")
BEFORE = DatabaseInventory((PAYMENTS, ITEMS), (SEQUENCE,), (INDEX, GRANT, MEMBER, OWNER))


def test_the_same_is_the_same() -> None:
    """In whatever order it is listed."""
    after = DatabaseInventory((ITEMS, PAYMENTS), (SEQUENCE,), (OWNER, MEMBER, GRANT, INDEX))
    assert differences(BEFORE, after) == ()


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ((replace(PAYMENTS, rows=0, checksum="0"), ITEMS), "3 rows before, 0 after"),
        ((replace(PAYMENTS, rows=2, checksum="9"), ITEMS), "3 rows before, 2 after"),
        ((replace(PAYMENTS, rows=4, checksum="9"), ITEMS), "3 rows before, 4 after"),
        ((replace(PAYMENTS, checksum="9"), ITEMS), "3 rows before and after, with other content"),
        ((ITEMS,), "3 rows before, no table after"),
    ],
)
def test_rows_that_are_not_what_they_were_are_counted(
    tables: tuple[TableContent, ...], said: str
) -> None:
    """All rows gone, one gone, one too many, a shorter text in one, and no table at all."""
    found = differences(BEFORE, replace(BEFORE, tables=tables))
    assert found == (f"table public.payments: {said}",)


def test_one_row_is_one_row() -> None:
    """The sentence is English."""
    after = replace(BEFORE, tables=(PAYMENTS, replace(ITEMS, rows=0)))
    assert differences(BEFORE, after) == ("table public.items: 1 row before, 0 after",)


def test_a_sequence_must_not_be_behind() -> None:
    """It gave out values after a crash that it has given before; ahead, it only leaves a gap."""
    behind = replace(BEFORE, sequences=(replace(SEQUENCE, next=1),))
    said = "sequence public.items_id_seq: next value 57 before, 1 after"
    assert differences(BEFORE, behind) == (said,)
    ahead = replace(BEFORE, sequences=(replace(SEQUENCE, next=89),))
    assert differences(BEFORE, ahead) == ()


def test_a_descending_sequence_is_behind_the_other_way() -> None:
    """With a negative step, a greater value comes earlier."""
    down = replace(BEFORE, sequences=(replace(SEQUENCE, step=-1),))
    earlier = replace(BEFORE, sequences=(replace(SEQUENCE, step=-1, next=60),))
    assert len(differences(down, earlier)) == 1
    assert differences(earlier, down) == ()


@pytest.mark.parametrize("lost", [INDEX, GRANT, MEMBER, OWNER])
def test_whatever_is_missing_is_named(lost: CatalogEntry) -> None:
    """An index, a grant, a membership or an owner."""
    left = tuple(each for each in BEFORE.entries if each != lost)
    said = f"{lost.kind} {lost.name}: there before, missing after"
    assert differences(BEFORE, replace(BEFORE, entries=left)) == (said,)
    new = f"{lost.kind} {lost.name}: not there before, there after"
    assert differences(replace(BEFORE, entries=left), BEFORE) == (new,)


def test_another_definition_is_shown() -> None:
    """Who owned the table, and who owns it."""
    entries = (INDEX, GRANT, MEMBER, replace(OWNER, definition="postgres"))
    said = 'owner public.items: "checkout" before, "postgres" after'
    assert differences(BEFORE, replace(BEFORE, entries=entries)) == (said,)


@pytest.mark.parametrize(
    ("written", "read_back"),
    [
        (
            "CHECK (((v)::text = ANY ((ARRAY['x'::character varying])::text[])))",
            "CHECK (((v)::text = ANY (ARRAY[('x'::character varying)::text])))",
        ),
        ("(now() AT TIME ZONE 'utc'::text)", "(now() AT TIME ZONE ('utc'::text))"),
        ("a::numeric(10,2) > 0", "(a)::numeric > (0)::numeric"),
    ],
)
def test_the_same_expression_in_other_words_is_the_same(written: str, read_back: str) -> None:
    """PostgreSQL adds casts and parentheses when it reads its own text from a backup."""
    one = DatabaseInventory((), (), (CatalogEntry("table constraint", "c", written),))
    other = DatabaseInventory((), (), (CatalogEntry("table constraint", "c", read_back),))
    assert differences(one, other) == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("CHECK ((amount >= 0))", "CHECK ((amount >= 1))"),
        ("bigint not null", "bigint"),
        ("CHECK ((status = 'a'::text))", "CHECK ((status = 'b'::text))"),
        ("", "unlogged"),
    ],
)
def test_another_expression_is_another(before: str, after: str) -> None:
    """Only casts and parentheses do not count."""
    one = DatabaseInventory((), (), (CatalogEntry("column", "c", before),))
    other = DatabaseInventory((), (), (CatalogEntry("column", "c", after),))
    assert len(differences(one, other)) == 1


def test_empty_tables_are_those_that_should_have_rows() -> None:
    """A partition may be empty, and a view has what its tables have."""
    partition = TableContent("public.payments_2027", 0, "0", fillable=False)
    audit = TableContent("public.audit", 0, "0")
    assert empty_tables(replace(BEFORE, tables=(PAYMENTS, partition))) == ()
    assert empty_tables(replace(BEFORE, tables=(PAYMENTS, audit))) == ("public.audit",)
