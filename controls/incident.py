"""Sabotages of incident response."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.incident.response import PAGE
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur


@control(
    "TASK-002-DOD-5",
    "The incident response runbook is complete and was drilled recently",
    expects="assigns the role communications lead to nobody",
)
def no_communications_lead(saboteur: Saboteur) -> None:
    """Leave out who talks to customers."""
    saboteur.edit(PAGE, "| communications lead |", "| management |")


@control(
    "TASK-002-DOD-5",
    "The incident response runbook is complete and was drilled recently",
    expects="has no response time for SEV1",
)
def severity_without_response_time(saboteur: Saboteur) -> None:
    """Give the highest severity no response time."""
    saboteur.edit(
        PAGE, "| within 15 minutes | within 1 hour |", "| at once | as soon as possible |"
    )


@control(
    "TASK-002-DOD-5",
    "The incident response runbook is complete and was drilled recently",
    expects="The last drill was on 2020-02-29",
)
def drill_overdue(saboteur: Saboteur) -> None:
    """Drill once, long ago, and never again."""
    saboteur.edit(PAGE, "- 2026-11-25, by", "- 2020-02-29, by")


@control(
    "TASK-002-DOD-5",
    "A suspicious pod is contained and removed, its evidence preserved, and visitors are served",
    expects="The runbook's commands to quarantine fail",
)
def suspect_left_in_service(saboteur: Saboteur) -> None:
    """Label the suspicious pod, and leave it behind its Service."""
    saboteur.edit(PAGE, " app.kubernetes.io/name- incident=", " incident=")


@control(
    "TASK-002-DOD-5",
    "A suspicious pod is contained and removed, its evidence preserved, and visitors are served",
    expects=r"The runbook's commands to revoke fail: [\s\S]*pods \S+ not found",
)
def suspect_deleted_at_once(saboteur: Saboteur) -> None:
    """Delete the suspicious pod before its evidence is preserved."""
    saboteur.edit(
        PAGE,
        'label pod "$POD" app.kubernetes.io/name- incident=quarantined',
        'delete pod "$POD"',
    )


@control(
    "TASK-002-DOD-5",
    "A suspicious pod is contained and removed, its evidence preserved, and visitors are served",
    expects=r"the evidence has no log\.txt",
)
def evidence_without_log(saboteur: Saboteur) -> None:
    """Preserve the objects, and not the log of the pod."""
    saboteur.edit(PAGE, '--prefix > "$FOLDER/log.txt"', "--prefix > /dev/null")


@control(
    "TASK-002-DOD-5",
    "A suspicious pod is contained and removed, its evidence preserved, and visitors are served",
    expects=r"processes\.txt holds a secret value",
)
def evidence_with_secrets(saboteur: Saboteur) -> None:
    """Collect the environment variables of processes as well."""
    saboteur.edit(PAGE, 'tr "\\0" " " < "$each/cmdline"', 'tr "\\0" " " < "$each/environ"')


@control(
    "TASK-002-DOD-5",
    "A suspicious pod is contained and removed, its evidence preserved, and visitors are served",
    expects=r"the hash of connections\.txt is wrong or missing",
)
def evidence_not_sealed(saboteur: Saboteur) -> None:
    """Write the hashes of some files only."""
    saboteur.edit(
        PAGE,
        '(cd "$FOLDER" && sha256sum -- * > SHA256SUMS)',
        '(cd "$FOLDER" && sha256sum -- *.yaml > SHA256SUMS)',
    )
