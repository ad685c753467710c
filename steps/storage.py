"""Steps about what the database keeps, and where."""

from __future__ import annotations

from pytest_bdd import given, then, when

from acceptance.domains.traffic.visitor import Purchase, Visitor
from acceptance.domains.workloads.operator import WorkloadOperator
from acceptance.domains.workloads.pods import Replacement, Storage
from acceptance.system import System


@given("a visitor has a checkout with items", target_fixture="purchase")
def _(visitor: Visitor) -> Purchase:
    return visitor.start_checkout()


@when("the operator deletes the database pod", target_fixture="replacement")
def _(operator: WorkloadOperator, system: System) -> Replacement:
    return operator.lose_pod(system.workloads.database)


@then("another database pod has taken its place")
def _(operator: WorkloadOperator, replacement: Replacement) -> None:
    operator.judge_replaced(replacement)


@then("the visitor finds the checkout with its items again")
def _(visitor: Visitor, purchase: Purchase) -> None:
    visitor.find_checkout(purchase)


@when("the operator looks where the database keeps its data", target_fixture="storage")
def _(operator: WorkloadOperator) -> Storage:
    return operator.look_at_storage()


@then("the data sits on a persistent volume claim that is bound")
def _(operator: WorkloadOperator, storage: Storage) -> None:
    operator.judge_storage(storage)
