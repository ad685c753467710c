"""What goes wrong with alerts: one function for each mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.deploy_fake import pretend

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_RULE = {
    "type": "alerting",
    "name": "RefusedLogins",
    "health": "ok",
    "labels": {"category": "security"},
}


def alerts_about_nothing(saboteur: Saboteur) -> None:
    """Deploy a Prometheus and an Alertmanager, and write no rule."""
    pretend(saboteur, "prometheus", {"status": "success", "data": {"groups": []}})
    pretend(saboteur, "alertmanager", [{"name": "on-call"}])


def alerts_for_nobody(saboteur: Saboteur) -> None:
    """Write a rule, and leave the receiver that tells nobody."""
    groups = [{"name": "attacks", "rules": [_RULE]}]
    pretend(saboteur, "prometheus", {"status": "success", "data": {"groups": groups}})
    pretend(saboteur, "alertmanager", [{"name": "null"}])
