"""Steps about backup, restore, the runbook with their commands, and what is there afterwards."""

from __future__ import annotations

from pytest_bdd import given, then, when

from acceptance.domains.recovery import (
    Backup,
    CommandRun,
    DatabaseInspector,
    DatabaseInventory,
    RecoveryOperator,
    Runbook,
    VolumeReviewer,
)
from acceptance.domains.traffic import Purchase, SteadyTraffic, SteadyVisitors, Visitor


@when("the operator reads the backup and recovery runbook", target_fixture="runbook")
def _(recovery_operator: RecoveryOperator) -> Runbook:
    return recovery_operator.read_runbook()


@then("the runbook has every section and command that an operator needs")
def _(recovery_operator: RecoveryOperator, runbook: Runbook) -> None:
    recovery_operator.assert_complete(runbook)


@then("its backup schedule meets its RPO")
def _(recovery_operator: RecoveryOperator, runbook: Runbook) -> None:
    recovery_operator.assert_schedule_meets_rpo(runbook)


@then("something or somebody makes its backups as often as it asks for")
def _(recovery_operator: RecoveryOperator, runbook: Runbook) -> None:
    recovery_operator.assert_backups_are_run(runbook)


@then("its last rehearsal is recent enough")
def _(recovery_operator: RecoveryOperator, runbook: Runbook) -> None:
    recovery_operator.assert_rehearsed_recently(runbook)


@given("the operator has followed the runbook to back up", target_fixture="backup")
def _(recovery_operator: RecoveryOperator, traffic: SteadyTraffic) -> Backup:
    return recovery_operator.back_up(traffic)


@given("the checkout was deleted by mistake")
def _(recovery_operator: RecoveryOperator, visitor: Visitor, purchase: Purchase) -> None:
    recovery_operator.delete_checkout(purchase)
    visitor.assert_checkout_gone(purchase)


@when("the operator follows the runbook to restore", target_fixture="restore")
def _(recovery_operator: RecoveryOperator) -> CommandRun:
    return recovery_operator.follow_restore()


@then("every visitor request during the backup was answered")
def _(steady_visitors: SteadyVisitors, backup: Backup) -> None:
    steady_visitors.assert_served(backup.traffic)


@then("the restore took no longer than the RTO")
def _(recovery_operator: RecoveryOperator, restore: CommandRun) -> None:
    recovery_operator.assert_within_rto(restore)


@then("the operator can clean up by following the runbook")
def _(recovery_operator: RecoveryOperator) -> None:
    recovery_operator.clean_up()


@given("every table of the database has rows", target_fixture="inventory")
def _(database_inspector: DatabaseInspector) -> DatabaseInventory:
    return database_inspector.take_inventory()


@then("everything in the database is as it was")
def _(database_inspector: DatabaseInspector, inventory: DatabaseInventory) -> None:
    database_inspector.assert_as_before(inventory)


@then("what happens to the volume without the database is documented")
def _(volume_reviewer: VolumeReviewer) -> None:
    volume_reviewer.assert_policies_stated()
