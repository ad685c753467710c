"""Sabotages of backup and recovery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.recovery.backup_and_restore import PAGE
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_TIMER = "operations/backup/checkout-backup.timer"


@control(
    "TASK-001-DOD-8",
    "The backup and recovery runbook is complete and was rehearsed recently",
    expects="has no section RTO",
)
def runbook_without_rto(saboteur: Saboteur) -> None:
    """Leave out the RTO."""
    saboteur.edit(PAGE, "## RTO", "## Remarks")


@control(
    "TASK-001-DOD-8",
    "The backup and recovery runbook is complete and was rehearsed recently",
    expects="A backup every 72 hours cannot meet the RPO of 24 hours",
)
def backups_rarer_than_rpo(saboteur: Saboteur) -> None:
    """Back up less often than the RPO allows."""
    saboteur.edit(PAGE, "Backup: every 24 hours", "Backup: every 3 days")


@control(
    "TASK-001-DOD-8",
    "The backup and recovery runbook is complete and was rehearsed recently",
    expects="asks for a backup every 24 hours, and nothing and nobody runs it",
)
def backups_that_nobody_makes(saboteur: Saboteur) -> None:
    """Switch off the timer, and leave the page as it is."""
    saboteur.edit(_TIMER, "OnCalendar=", "# OnCalendar=")


@control(
    "TASK-001-DOD-8",
    "The backup and recovery runbook is complete and was rehearsed recently",
    expects=r"checkout-backup\.timer runs it less often: there are up to 72 hours",
)
def backups_on_working_days_only(saboteur: Saboteur) -> None:
    """Make no backup at weekends, and promise one every day."""
    saboteur.edit(_TIMER, "OnCalendar=*-*-*", "OnCalendar=Mon..Fri *-*-*")


@control(
    "TASK-001-DOD-8",
    "The backup and recovery runbook is complete and was rehearsed recently",
    expects="asks for a backup every 24 hours, and nothing and nobody runs it",
)
def a_timer_that_backs_up_nothing(saboteur: Saboteur) -> None:
    """Let the timer run something else."""
    service = _TIMER.replace(".timer", ".service")
    saboteur.edit(service, "/opt/checkout/operations/backup/back-up.sh", "/bin/true")


@control(
    "TASK-001-DOD-8",
    "The backup and recovery runbook is complete and was rehearsed recently",
    expects="The last rehearsal was on 2020-02-29",
)
def rehearsal_overdue(saboteur: Saboteur) -> None:
    """Rehearse once, long ago, and never again."""
    path = saboteur.repository() / PAGE
    before, heading, _ = path.read_text(encoding="utf-8").partition("## Last rehearsal")
    path.write_text(f"{before}{heading}\n\n2020-02-29, by hand.\n", encoding="utf-8")


@control(
    "TASK-001-DOD-8",
    "A deleted checkout is restored by following the runbook",
    expects="The backup has no rows of checkouts",
)
def schema_only_backup(saboteur: Saboteur) -> None:
    """Dump the schema without any rows."""
    saboteur.edit(PAGE, "exec pg_dump ", "exec pg_dump --schema-only ")


@control(
    "TASK-001-DOD-8",
    "A deleted checkout is restored by following the runbook",
    expects="The checkout is not there any more",
)
def restored_database_not_switched(saboteur: Saboteur) -> None:
    """Load the backup, and never switch the system to it."""
    path = saboteur.repository() / PAGE
    text = path.read_text(encoding="utf-8")
    before, begin, exchange = text.partition('   ALTER DATABASE :"live" ALLOW_CONNECTIONS false;\n')
    _, end, after = exchange.partition("   COMMIT;\n")
    assert begin and end, f"{PAGE} switches the databases in another way"
    path.write_text(before + after, encoding="utf-8")


@control(
    "TASK-001-DOD-8",
    "A deleted checkout is restored by following the runbook",
    expects="The runbook leaves several databases",
)
def old_database_not_discarded(saboteur: Saboteur) -> None:
    """Keep the old database when it should be discarded."""
    saboteur.edit(PAGE, "|| '_until_') \\gexec", "|| '_never_') \\gexec")
