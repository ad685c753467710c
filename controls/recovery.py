"""Sabotages of what the domain recovery judges: backup and restore."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.recovery.backup_and_restore import PAGE
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur


@control(
    "TASK-001-DOD-8",
    "The written procedure has what an operator needs at night",
    expects="has no section RTO",
)
def a_page_without_rto(saboteur: Saboteur) -> None:
    """Promise no time in which the system is back."""
    saboteur.edit(PAGE, "## RTO", "## Remarks")


@control(
    "TASK-001-DOD-8",
    "The written procedure has what an operator needs at night",
    expects="cannot keep the loss below the RPO",
)
def a_loose_schedule(saboteur: Saboteur) -> None:
    """Back up less often than the RPO allows."""
    saboteur.edit(PAGE, "Backup: every 24 hours", "Backup: every 3 days")


@control(
    "TASK-001-DOD-8",
    "The written procedure has what an operator needs at night",
    expects="The last rehearsal was on 2020-02-29",
)
def an_old_rehearsal(saboteur: Saboteur) -> None:
    """Rehearse once, and never again."""
    path = saboteur.repository() / PAGE
    before, heading, _ = path.read_text(encoding="utf-8").partition("## Last rehearsal")
    path.write_text(f"{before}{heading}\n\n2020-02-29, by hand.\n", encoding="utf-8")


@control(
    "TASK-001-DOD-8",
    "The written procedure brings back what was deleted",
    expects="The backup has no rows of checkouts",
)
def an_empty_backup(saboteur: Saboteur) -> None:
    """Dump the tables and none of their rows."""
    saboteur.edit(PAGE, "exec pg_dump ", "exec pg_dump --schema-only ")


@control(
    "TASK-001-DOD-8",
    "The written procedure brings back what was deleted",
    expects="The checkout is not there any more",
)
def a_restore_that_exchanges_nothing(saboteur: Saboteur) -> None:
    """Load the backup, and never put it in the place of the database that is served."""
    path = saboteur.repository() / PAGE
    text = path.read_text(encoding="utf-8")
    before, begin, exchange = text.partition('   ALTER DATABASE :"live" ALLOW_CONNECTIONS false;\n')
    _, end, after = exchange.partition("   COMMIT;\n")
    assert begin and end, f"{PAGE} exchanges the databases in another way"
    path.write_text(before + after, encoding="utf-8")


@control(
    "TASK-001-DOD-8",
    "The written procedure brings back what was deleted",
    expects="The procedure leaves the databases",
)
def a_restore_that_leaves_copies(saboteur: Saboteur) -> None:
    """Forget one of the databases that a restore has made."""
    saboteur.edit(PAGE, "|| '_until_') \\gexec", "|| '_never_') \\gexec")
