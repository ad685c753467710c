from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest

from checkout_backend.cursors import BadCursor, Cursors
from checkout_backend.store import Position

OURS = Cursors(b"our key")
POSITION = Position(datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC), uuid.uuid4())


@pytest.mark.parametrize(
    "moment",
    [
        POSITION.created_at,
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(9999, 12, 31, tzinfo=UTC),
        datetime(2026, 3, 1, tzinfo=timezone(timedelta(hours=5))),
    ],
)
def test_a_cursor_is_read_as_it_was_written(moment: datetime) -> None:
    """To the microsecond, before 1970, and in any time zone."""
    position = Position(moment, POSITION.id)
    assert OURS.read(OURS.write(position)) == position


def test_every_changed_character_is_noticed() -> None:
    """A cursor is ours as a whole or not at all."""
    cursor = OURS.write(POSITION)
    for place, character in enumerate(cursor):
        other = "A" if character != "A" else "Q"
        changed = cursor[:place] + other + cursor[place + 1 :]
        try:
            # The last character has bits that mean nothing.
            assert OURS.read(changed) == POSITION and place == len(cursor) - 1
        except BadCursor:
            continue


def test_a_cursor_of_another_key_is_refused() -> None:
    """Who does not have the key cannot make one."""
    with pytest.raises(BadCursor):
        OURS.read(Cursors(b"another key").write(POSITION))


def test_both_keys_count_while_they_are_rotated() -> None:
    """Whoever knows both recognises either and signs with the first; afterwards the old is dead."""
    old, new = Cursors(b"old key"), Cursors(b"new key")
    offered, switched = Cursors(b"old key", b"new key"), Cursors(b"new key", b"old key")
    assert offered.write(POSITION) == old.write(POSITION)
    assert switched.write(POSITION) == new.write(POSITION)
    for signed in (old.write(POSITION), new.write(POSITION)):
        assert offered.read(signed) == switched.read(signed) == POSITION
    with pytest.raises(BadCursor):
        new.read(old.write(POSITION))


@pytest.mark.parametrize("cursor", ["", "x", "====", "A" * 54, "ä" * 20, "A" * 100, "a b", "\x00"])
def test_nonsense_is_refused(cursor: str) -> None:
    """With the one exception that is answered as the visitor's mistake."""
    with pytest.raises(BadCursor):
        OURS.read(cursor)


def test_a_cursor_fits_an_address_and_its_limit() -> None:
    """Only characters that need no escape, and fewer than the API takes."""
    cursor = OURS.write(POSITION)
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert len(cursor) <= 100
