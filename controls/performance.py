"""Sabotages of what the domain performance judges: load."""

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


_NO_LONGER_SLOW = "DROP FUNCTION IF EXISTS be_slow CASCADE"


@control(
    "TASK-001-DOD-6",
    "The system performs as required at the stated load",
    expects=r"95 of 100 requests took up to \d+ ms",
)
def a_slow_statement(saboteur: Saboteur) -> None:
    """Add a trigger to the table of checkouts that takes 0.8 s for each new one."""
    saboteur.afterwards("exec", "database-0", "--", *psql(_NO_LONGER_SLOW))
    saboteur.execute("database-0", *psql(_SLOW))
