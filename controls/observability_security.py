"""Sabotages of the rules about the audit log that leave a way in which nobody is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.changed_programs import rewrite_configuration
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_TOLD = "The security team is told who did what, and when"


@control("TASK-002-DOD-6", _TOLD, expects="lists the Secrets .* not told.*watches the Secrets")
def only_single_secrets_count(saboteur: Saboteur) -> None:
    """Count who reads one Secret, and not who lists or watches all of them."""
    _replace(saboteur, 'verb=~"get|list|watch"', 'verb="get"')


@control("TASK-002-DOD-6", _TOLD, expects="a reader of the system gets a Secret .* was not told")
def accounts_of_the_own_namespaces_are_trusted(saboteur: Saboteur) -> None:
    """Leave the accounts of the system out, because they are ours."""
    _replace(
        saboteur,
        "(kube-system|cert-manager|ingress):",
        "(kube-system|cert-manager|ingress|checkout|monitoring):",
    )


@control("TASK-002-DOD-6", _TOLD, expects="a stranger of nowhere has a bad token .* was not told")
def strangers_do_not_count_as_refused(saboteur: Saboteur) -> None:
    """Count 403 only, because that is what "denied" is called."""
    _replace(saboteur, 'code=~"401|403"', 'code="403"')


@control("TASK-002-DOD-6", _TOLD, expects="an account of the system is refused .* was not told")
def refusals_of_the_system_do_not_count(saboteur: Saboteur) -> None:
    """Leave out who is refused because a program of ours has a wrong role for a while."""
    _replace(
        saboteur,
        'code=~"401|403"',
        'code=~"401|403", user!~"system:serviceaccount:checkout:.+"',
    )


def _replace(saboteur: Saboteur, old: str, new: str) -> None:
    """Replace a text wherever the recording rules have it."""
    rewrite_configuration(
        saboteur, "prometheus", "recording.yaml", lambda text: text.replace(old, new)
    )
