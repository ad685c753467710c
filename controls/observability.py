"""Sabotages that the domain observability must detect: of metrics, logs and alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.control import control
from controls.deploy_fake import deploy_fake, service

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_RULE = {
    "type": "alerting",
    "name": "RefusedLogins",
    "health": "ok",
    "labels": {"category": "security"},
}


@control(
    "TASK-002-DOD-6",
    "Security alerts reach a receiver",
    expects="None of 0 alert rules has the category security",
)
def alerting_without_a_rule(saboteur: Saboteur) -> None:
    """Deploy Prometheus and Alertmanager without an alert rule."""
    deploy_fake(saboteur, "prometheus", {"status": "success", "data": {"groups": []}})
    deploy_fake(saboteur, "alertmanager", [{"name": "on-call"}])


@control(
    "TASK-002-DOD-6",
    "Security alerts reach a receiver",
    expects="Nobody receives the alerts: the receivers are null",
)
def a_receiver_that_discards_alerts(saboteur: Saboteur) -> None:
    """Write an alert rule, and keep the default receiver, which discards alerts."""
    groups = [{"name": "attacks", "rules": [_RULE]}]
    deploy_fake(saboteur, "prometheus", {"status": "success", "data": {"groups": groups}})
    deploy_fake(saboteur, "alertmanager", [{"name": "null"}])


@control(
    "TASK-001-DOD-7",
    "Prometheus scrapes every backend pod",
    expects=r"backend-\S+ is not scraped",
)
def a_prometheus_without_targets(saboteur: Saboteur) -> None:
    """Deploy Prometheus without a scrape target."""
    deploy_fake(saboteur, "prometheus", {"status": "success", "data": {"activeTargets": []}})


@control(
    "TASK-001-DOD-7",
    "Prometheus scrapes every backend pod",
    expects="does not return its scrape targets",
)
def a_prometheus_without_pods(saboteur: Saboteur) -> None:
    """Keep the Service of a Prometheus that was scaled to zero."""
    saboteur.create(service("prometheus"))


@control(
    "TASK-001-DOD-7",
    "A request is found in the log store",
    expects="has no line of the request",
)
def a_log_store_without_logs(saboteur: Saboteur) -> None:
    """Deploy a log store, and no agent that sends it logs."""
    deploy_fake(saboteur, "opensearch", {"hits": {"total": {"value": 0}, "hits": []}})
