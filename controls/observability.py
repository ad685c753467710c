"""Sabotages of what the domain observability judges: metrics, logs and alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.control import control
from controls.deploy_fake import pretend, service

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
    "Somebody is told of an attack",
    expects="None of 0 alerting rules has the category security",
)
def alerts_about_nothing(saboteur: Saboteur) -> None:
    """Deploy a Prometheus and an Alertmanager, and write no rule."""
    pretend(saboteur, "prometheus", {"status": "success", "data": {"groups": []}})
    pretend(saboteur, "alertmanager", [{"name": "on-call"}])


@control(
    "TASK-002-DOD-6",
    "Somebody is told of an attack",
    expects="Nobody is told: the receivers are null",
)
def alerts_for_nobody(saboteur: Saboteur) -> None:
    """Write a rule, and leave the receiver that tells nobody."""
    groups = [{"name": "attacks", "rules": [_RULE]}]
    pretend(saboteur, "prometheus", {"status": "success", "data": {"groups": groups}})
    pretend(saboteur, "alertmanager", [{"name": "null"}])


@control(
    "TASK-001-DOD-7",
    "The monitoring watches every backend pod",
    expects=r"backend-\S+ is not watched",
)
def a_prometheus_that_scrapes_nothing(saboteur: Saboteur) -> None:
    """Deploy a Prometheus and forget to tell it what to scrape."""
    pretend(saboteur, "prometheus", {"status": "success", "data": {"activeTargets": []}})


@control(
    "TASK-001-DOD-7",
    "The monitoring watches every backend pod",
    expects="does not say what it watches",
)
def a_prometheus_without_pods(saboteur: Saboteur) -> None:
    """Leave the Service of a Prometheus that was scaled to nothing."""
    saboteur.create(service("prometheus"))


@control("TASK-001-DOD-7", "A visit is found in the log store", expects="has no line of the visit")
def a_log_store_without_logs(saboteur: Saboteur) -> None:
    """Deploy a log store and no agent that brings it any line."""
    pretend(saboteur, "opensearch", {"hits": {"total": {"value": 0}, "hits": []}})
