"""Steps about operating the system: performance, backup and recovery."""

from __future__ import annotations

from pytest_bdd import given, then, when

from acceptance.domains.performance.load_tester import LoadTester, Measurement
from acceptance.domains.performance.requirements import Performance
from acceptance.domains.recovery.backup_and_restore import Backup, RecoveryOperator
from acceptance.domains.traffic import Purchase, SteadyTraffic, SteadyVisitors, Visitor
from acceptance.runbooks.reader import Procedure
from acceptance.runbooks.runner import Ran


@given("the team has stated what the system has to perform", target_fixture="required")
def _(load_tester: LoadTester) -> Performance:
    return load_tester.read_required()


@when("as many visitors as stated use the system", target_fixture="measured")
def _(load_tester: LoadTester, required: Performance) -> Measurement:
    return load_tester.measure(required)


@then("as many backend pods as stated have served them")
def _(load_tester: LoadTester, measured: Measurement) -> None:
    load_tester.judge_replicas(measured)


@then("there were requests enough to tell")
def _(load_tester: LoadTester, measured: Measurement) -> None:
    load_tester.judge_enough(measured)


@then("95 of 100 requests were answered as fast as required")
def _(load_tester: LoadTester, measured: Measurement) -> None:
    load_tester.judge_latency(measured)


@then("as many requests as required were answered in a second")
def _(load_tester: LoadTester, measured: Measurement) -> None:
    load_tester.judge_throughput(measured)


@then("no more requests failed than are allowed to")
def _(load_tester: LoadTester, measured: Measurement) -> None:
    load_tester.judge_errors(measured)


@given("a visitor was served by the backend", target_fixture="visit_id")
def _(visitor: Visitor) -> str:
    return visitor.visit_with_request_id()


@when("the operator reads how to back up and recover", target_fixture="page")
def _(recovery_operator: RecoveryOperator) -> Procedure:
    return recovery_operator.read_page()


@then("the procedure has everything that an operator needs")
def _(recovery_operator: RecoveryOperator, page: Procedure) -> None:
    recovery_operator.judge_complete(page)


@then("its schedule keeps what it promises")
def _(recovery_operator: RecoveryOperator, page: Procedure) -> None:
    recovery_operator.judge_promises(page)


@then("it was rehearsed as lately as it asks for")
def _(recovery_operator: RecoveryOperator, page: Procedure) -> None:
    recovery_operator.judge_rehearsed(page)


@given("a visitor has paid a checkout", target_fixture="purchase")
def _(visitor: Visitor) -> Purchase:
    return visitor.pay_checkout(visitor.create_checkout())


@given("the operator has backed up as it is written", target_fixture="backup")
def _(recovery_operator: RecoveryOperator, traffic: SteadyTraffic) -> Backup:
    return recovery_operator.back_up(traffic)


@given("the checkout was deleted by accident")
def _(recovery_operator: RecoveryOperator, visitor: Visitor, purchase: Purchase) -> None:
    recovery_operator.delete_checkout(purchase)
    visitor.assert_checkout_gone(purchase)


@when("the operator restores as it is written", target_fixture="restored")
def _(recovery_operator: RecoveryOperator) -> Ran:
    return recovery_operator.follow_restore()


@then("no visitor was turned away during the backup")
def _(steady_visitors: SteadyVisitors, backup: Backup) -> None:
    steady_visitors.assert_served(backup.traffic)


@then("the restore took no longer than promised")
def _(recovery_operator: RecoveryOperator, restored: Ran) -> None:
    recovery_operator.judge_in_time(restored)


@then("the operator can tidy up as it is written")
def _(recovery_operator: RecoveryOperator) -> None:
    recovery_operator.tidy_up()
