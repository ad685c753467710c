"""Sabotages of performance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.control import control
from controls.saboteur import psql

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_SLOW = """
CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_sleep(0.8); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE INSERT ON checkouts FOR EACH ROW EXECUTE FUNCTION be_slow();
"""
_UNDO_SLOW = "DROP FUNCTION IF EXISTS be_slow CASCADE"


@control(
    "TASK-001-DOD-6",
    "The system meets its performance requirements under the stated load",
    expects=r"The 95th percentile of the response times is \d+ ms, above the",
)
def insert_slowed_by_trigger(saboteur: Saboteur) -> None:
    """Delay the insertion of each checkout by 0.8 s."""
    saboteur.afterwards("exec", "database-0", "--", *psql(_UNDO_SLOW))
    saboteur.execute("database-0", *psql(_SLOW))
