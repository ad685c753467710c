"""Sabotages of what the domain incident judges: incident response."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.incident.response import PAGE
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur


@control(
    "TASK-002-DOD-5",
    "The written response to an incident has what people need who were never in one",
    expects="gives nobody the role speaker",
)
def nobody_to_speak(saboteur: Saboteur) -> None:
    """Forget to say who talks to customers."""
    saboteur.edit(PAGE, "| speaker |", "| management |")


@control(
    "TASK-002-DOD-5",
    "The written response to an incident has what people need who were never in one",
    expects="has no time to answer for SEV1",
)
def a_severity_without_a_time(saboteur: Saboteur) -> None:
    """Answer the worst of all as soon as possible."""
    saboteur.edit(
        PAGE, "| within 15 minutes | within 1 hour |", "| at once | as soon as possible |"
    )


@control(
    "TASK-002-DOD-5",
    "The written response to an incident has what people need who were never in one",
    expects="The last drill was on 2020-02-29",
)
def an_old_drill(saboteur: Saboteur) -> None:
    """Drill once, and never again."""
    saboteur.edit(PAGE, "- 2026-11-25, by", "- 2020-02-29, by")


@control(
    "TASK-002-DOD-5",
    "A suspicious pod is contained, its evidence kept, and visitors served",
    expects="The quarantine as written fails",
)
def a_quarantine_in_name_only(saboteur: Saboteur) -> None:
    """Label the suspect, and leave it in the traffic."""
    saboteur.edit(PAGE, " app.kubernetes.io/name- incident=", " incident=")


@control(
    "TASK-002-DOD-5",
    "A suspicious pod is contained, its evidence kept, and visitors served",
    expects=r"The revoke as written fails: [\s\S]*pods \S+ not found",
)
def a_suspect_that_is_deleted(saboteur: Saboteur) -> None:
    """Delete the suspect at once, and its traces with it."""
    saboteur.edit(
        PAGE,
        'label pod "$POD" app.kubernetes.io/name- incident=quarantined',
        'delete pod "$POD"',
    )


@control(
    "TASK-002-DOD-5",
    "A suspicious pod is contained, its evidence kept, and visitors served",
    expects=r"the evidence has no log\.txt",
)
def evidence_without_its_log(saboteur: Saboteur) -> None:
    """Keep the objects and forget what the suspect wrote."""
    saboteur.edit(PAGE, '--prefix > "$FOLDER/log.txt"', "--prefix > /dev/null")


@control(
    "TASK-002-DOD-5",
    "A suspicious pod is contained, its evidence kept, and visitors served",
    expects=r"processes\.txt holds a secret value",
)
def evidence_with_secrets(saboteur: Saboteur) -> None:
    """Collect the environments of processes as well."""
    saboteur.edit(PAGE, 'tr "\\0" " " < "$each/cmdline"', 'tr "\\0" " " < "$each/environ"')


@control(
    "TASK-002-DOD-5",
    "A suspicious pod is contained, its evidence kept, and visitors served",
    expects=r"connections\.txt is not what its hash says",
)
def evidence_without_a_seal(saboteur: Saboteur) -> None:
    """Write the hashes before the last file is there."""
    saboteur.edit(
        PAGE,
        '(cd "$FOLDER" && sha256sum -- * > SHA256SUMS)',
        '(cd "$FOLDER" && sha256sum -- *.yaml > SHA256SUMS)',
    )
