"""Steps about who is told of an attack."""

from __future__ import annotations

from pytest_bdd import then, when

from acceptance.domains.observability.alerting import Alerting, AlertingOperator


@when("the operator asks the alerting what it would tell and whom", target_fixture="alerting")
def _(alerting_operator: AlertingOperator) -> Alerting:
    return alerting_operator.ask_alerting()


@then("there are rules about security and each of them works")
def _(alerting_operator: AlertingOperator, alerting: Alerting) -> None:
    alerting_operator.judge_rules(alerting)


@then("what they tell reaches somebody")
def _(alerting_operator: AlertingOperator, alerting: Alerting) -> None:
    alerting_operator.judge_told(alerting)
