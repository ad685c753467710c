"""Sabotages of backup and recovery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.recovery.backup_and_restore import PAGE
from controls.changed_database import change_database
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_RESTORE = "A deleted checkout is restored by following the runbook"
_LOADED = """   ' < "$BACKUP"
   ```

3. Inspect it."""
_THEN = """   ' < "$BACKUP"
   kubectl --namespace "$NAMESPACE" exec statefulset/database --container=database -- sh -euc '
     exec psql --host=/run/postgresql --username=postgres --dbname="${{DATABASE_NAME}}_restored" \\
       --set=ON_ERROR_STOP=1 --command="{statement}"
   '
   ```

3. Inspect it."""
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
    _RESTORE,
    expects="The backup has no rows of checkouts",
)
def schema_only_backup(saboteur: Saboteur) -> None:
    """Dump the schema without any rows."""
    saboteur.edit(PAGE, "exec pg_dump ", "exec pg_dump --schema-only ")


@control(
    "TASK-001-DOD-8",
    _RESTORE,
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
    _RESTORE,
    expects="The runbook leaves several databases",
)
def old_database_not_discarded(saboteur: Saboteur) -> None:
    """Keep the old database when it should be discarded."""
    saboteur.edit(PAGE, "|| '_until_') \\gexec", "|| '_never_') \\gexec")


@control(
    "TASK-001-DOD-8",
    _RESTORE,
    expects=r"table public\.payments: \d+ rows? before, 0 after",
)
def backup_without_payments(saboteur: Saboteur) -> None:
    """Leave the rows of one table out of the backup, and do not look for them."""
    saboteur.edit(PAGE, "exec pg_dump ", "exec pg_dump --exclude-table-data=payments ")
    saboteur.edit(PAGE, "for table in checkouts items payments;", "for table in checkouts items;")


@control(
    "TASK-001-DOD-8",
    _RESTORE,
    expects=r"table public\.payments: \d+ rows? before, \d+ after",
)
def backup_of_an_older_snapshot(saboteur: Saboteur) -> None:
    """Restore a backup that lacks the newest payment."""
    newest = "DELETE FROM payments WHERE paid_at = (SELECT max(paid_at) FROM payments)"
    _after_loading(saboteur, newest)


@control(
    "TASK-001-DOD-8",
    _RESTORE,
    expects=r"table public\.payments: \d+ rows? before and after, with other content",
)
def texts_cut_off(saboteur: Saboteur) -> None:
    """Cut off long texts, as a transfer by a format with fixed widths does."""
    _after_loading(saboteur, "UPDATE payments SET idempotency_key = left(idempotency_key, 31)")


@control(
    "TASK-001-DOD-8",
    _RESTORE,
    expects=r"sequence public\.items_id_seq: next value \d+ before, 1 after",
)
def sequence_not_restored(saboteur: Saboteur) -> None:
    """Restore the rows and let the ids begin anew."""
    _after_loading(saboteur, "ALTER SEQUENCE items_id_seq RESTART")


@control(
    "TASK-001-DOD-8",
    _RESTORE,
    expects=r"index public\.items_of_checkout: there before, missing after",
)
def index_not_restored(saboteur: Saboteur) -> None:
    """Restore without an index, so that everything is there and slow."""
    _after_loading(saboteur, "DROP INDEX items_of_checkout")


@control(
    "TASK-001-DOD-8",
    _RESTORE,
    expects="grant SELECT on public.payments to checkout_monitor: there before, missing after",
)
def backup_without_privileges(saboteur: Saboteur) -> None:
    """Grant a role what it needs, and leave all grants out of the backup."""
    change_database(
        saboteur,
        "GRANT SELECT ON payments TO checkout_monitor",
        undo=("REVOKE SELECT ON payments FROM checkout_monitor",),
    )
    saboteur.edit(PAGE, "exec pg_dump ", "exec pg_dump --no-privileges ")


@control(
    "TASK-001-DOD-8",
    _RESTORE,
    expects="membership checkout_monitor in pg_monitor: there before, missing after",
)
def membership_not_restored(saboteur: Saboteur) -> None:
    """Lose what a role is a member of."""
    change_database(saboteur, undo=("GRANT pg_monitor TO checkout_monitor",))
    _after_loading(saboteur, "REVOKE pg_monitor FROM checkout_monitor")


@control(
    "TASK-001-AC-3",
    "The database keeps its data on a bound volume",
    expects="Volume when its claim is deleted: the cluster has Delete, and .* says Retain",
)
def volume_said_to_be_kept(saboteur: Saboteur) -> None:
    """Document a reclaim policy that the storage class does not have."""
    stated = "Volume when its claim is deleted: "
    saboteur.edit(PAGE, f"{stated}Delete", f"{stated}Retain")


def _after_loading(saboteur: Saboteur, statement: str) -> None:
    """Let the runbook run a statement in the database that it has just loaded."""
    saboteur.edit(PAGE, _LOADED, _THEN.format(statement=statement))
