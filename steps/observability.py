"""Steps about metrics, logs and alerts."""

from __future__ import annotations

from pytest_bdd import then, when

from acceptance.domains.observability import (
    AlertingFacts,
    AlertingOperator,
    LogHits,
    MonitoringOperator,
    ScrapeTargets,
)


@when("the operator asks Prometheus for its scrape targets", target_fixture="scrape_targets")
def _(monitoring_operator: MonitoringOperator) -> tuple[ScrapeTargets, ...]:
    return monitoring_operator.read_scrape_targets()


@then("every backend pod is scraped successfully")
def _(monitoring_operator: MonitoringOperator, scrape_targets: tuple[ScrapeTargets, ...]) -> None:
    monitoring_operator.assert_backend_scraped(scrape_targets)


@when("the operator searches the log store for the request", target_fixture="log_hits")
def _(monitoring_operator: MonitoringOperator, visit_id: str) -> tuple[LogHits, ...]:
    return monitoring_operator.search_logs(visit_id)


@then("the log store has a line of the request")
def _(monitoring_operator: MonitoringOperator, log_hits: tuple[LogHits, ...]) -> None:
    monitoring_operator.assert_request_logged(log_hits)


@when("the operator asks for the alert rules and their receivers", target_fixture="alerting")
def _(alerting_operator: AlertingOperator) -> AlertingFacts:
    return alerting_operator.read_alerting()


@then("there are security alert rules and each of them works")
def _(alerting_operator: AlertingOperator, alerting: AlertingFacts) -> None:
    alerting_operator.assert_security_rules_work(alerting)


@then("a receiver gets the alerts")
def _(alerting_operator: AlertingOperator, alerting: AlertingFacts) -> None:
    alerting_operator.assert_alerts_received(alerting)
