"""Steps about the rotation of secrets."""

from __future__ import annotations

from pytest_bdd import given, then, when

from acceptance.domains.secrets.credential_checks import Former
from acceptance.domains.secrets.rotation import Rotated, RotationOperator
from acceptance.domains.traffic.visitor import Visitor
from acceptance.drivers.http import SteadyTraffic


@given("visitors are turning pages of the list steadily", target_fixture="traffic")
def _(visitor: Visitor) -> SteadyTraffic:
    return visitor.keep_paging()


@given("the present secrets were seen to be accepted", target_fixture="former")
def _(rotation_operator: RotationOperator) -> Former:
    return rotation_operator.remember()


@when("the operator rotates the secrets as it is written", target_fixture="rotated")
def _(rotation_operator: RotationOperator) -> Rotated:
    return rotation_operator.rotate()


@when(
    "the operator rotates the secrets and is interrupted at every stage", target_fixture="rotated"
)
def _(rotation_operator: RotationOperator) -> Rotated:
    return rotation_operator.rotate_interrupted()


@then("the rotation went on where it was each time, to its end")
def _(rotation_operator: RotationOperator, rotated: Rotated) -> None:
    rotation_operator.judge_resumed(rotated)


@then("a second rotation beside it was refused")
def _(rotation_operator: RotationOperator, rotated: Rotated) -> None:
    rotation_operator.judge_alone(rotated)


@then("every backend pod uses the new secrets")
def _(rotation_operator: RotationOperator, former: Former) -> None:
    rotation_operator.judge_used(former)


@then("the old secrets open nothing any more")
def _(rotation_operator: RotationOperator, former: Former) -> None:
    rotation_operator.judge_dead(former)


@then("the rotation has told who did what and when, and no secret")
def _(rotation_operator: RotationOperator, former: Former, rotated: Rotated) -> None:
    rotation_operator.judge_audit(former, rotated)


@then("a visitor can pay another checkout")
def _(visitor: Visitor) -> None:
    visitor.pay_checkout(visitor.start_checkout())
