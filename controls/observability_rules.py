"""Sabotages of rules and routes that files and cluster agree on, or that are too wide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.changed_programs import edit_configuration
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_RULES = "The rules are loaded, and each of them can fire"
_TESTED = "The rules and routes of the repository are tested"
_INHIBITED = "What a known cause makes fail is quiet meanwhile"
_OTHERS = "What has another cause arrives meanwhile"
_FILES = "manifests/components/prometheus-rules"


@control("TASK-003-AC-5", _RULES, expects=r"TargetMissing: the page .*target-down\.md is not about")
def an_alert_that_leads_to_another_page(saboteur: Saboteur) -> None:
    """Copy the address of the page from the alert above, in files and cluster."""
    _edit_everywhere(saboteur, "alerts/target-missing.md", "alerts/target-down.md")


@control("TASK-003-AC-5", _RULES, expects="no alert fires when certificates finds no target")
def a_job_that_nobody_misses(saboteur: Saboteur) -> None:
    """Forget a job in the alert about jobs without targets, everywhere."""
    _edit_everywhere(saboteur, 'or absent(up{job="certificates"}) ', "")


@control("TASK-003-AC-5", _TESTED, expects=r"production/routes\.yaml is not what its source gives")
def routes_for_production_that_were_changed_by_hand(saboteur: Saboteur) -> None:
    """Send what is critical in production to the switch, which calls nobody."""
    matchers = "\n      matchers: ['severity = \"critical\"']"
    saboteur.edit(
        f"{_FILES}/production/routes.yaml",
        f"- receiver: critical{matchers}",
        f"- receiver: dead-mans-switch{matchers}",
    )


@control(
    "TASK-003-AC-5", _RULES, expects="What Alertmanager has loaded is neither production/routes"
)
@control("TASK-003-AC-5", _INHIBITED, expects="NoReadyBackend .* may keep VolumeFilling .* quiet")
@control("TASK-003-AC-5", _OTHERS, expects="NoReadyBackend keeps VolumeFilling quiet")
def an_inhibition_that_is_too_wide(saboteur: Saboteur) -> None:
    """Keep more quiet than what a cause makes fail, because nights were short."""
    _edit_routes(
        saboteur,
        (
            "'alertname = \"SiteUnreachable\"', 'endpoint = \"API\"'",
            "'alertname =~ \"SiteUnreachable|VolumeFilling|TargetDown\"'",
        ),
    )


@control("TASK-003-AC-5", _INHIBITED, expects="ErrorBudgetBurn change .* may keep .* read .* quiet")
@control("TASK-003-AC-5", _OTHERS, expects="ErrorBudgetBurn read keeps ErrorBudgetBurn change")
def one_budget_that_stands_for_all(saboteur: Saboteur) -> None:
    """Keep the slow alert of every service level quiet while the fast one of any fires."""
    _edit_routes(saboteur, ("    equal: [alertname, sloth_id]", "    equal: [alertname]"))


def _edit_routes(saboteur: Saboteur, change: tuple[str, str]) -> None:
    edit_configuration(saboteur, "alertmanager", "alertmanager.yaml", change)


def _edit_everywhere(saboteur: Saboteur, old: str, new: str) -> None:
    """Replace a text in the alert rules: in their source, in both variants, and in Prometheus."""
    for folder in ("source", "production", "short"):
        saboteur.edit(f"{_FILES}/{folder}/alerts.yaml", old, new)
    edit_configuration(saboteur, "prometheus", "alerts.yaml", (old, new))
