"""Sabotages of incident response."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.incident.response import PAGE
from controls import edits
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_COMPLETE = "The incident response runbook is complete and was drilled recently"
_CONTAINED = (
    "A suspicious pod is contained and removed, its evidence preserved, and visitors are served"
)
_TAR = (
    '   kubectl --namespace "$NAMESPACE" exec "$POD" --container=backend -- \\\n     tar --create'
)
_ENVIRONMENT = (
    '   kubectl --namespace "$NAMESPACE" exec "$POD" --container=backend -- \\\n'
    "     cat /proc/1/environ \\\n"
)
_REVOKE = (r"(?s)   ```sh revoke\n.*?\n   ```\n", "   ```sh revoke\n   true\n   ```\n")


@control(
    "TASK-002-DOD-5",
    _COMPLETE,
    expects="assigns the role communications lead to nobody",
)
def no_communications_lead(saboteur: Saboteur) -> None:
    """Leave out who talks to customers."""
    saboteur.edit(PAGE, "| communications lead |", "| management |")


@control(
    "TASK-002-DOD-5",
    _COMPLETE,
    expects="has no response time for SEV1",
)
def severity_without_response_time(saboteur: Saboteur) -> None:
    """Give the highest severity no response time."""
    saboteur.edit(
        PAGE, "| within 15 minutes | within 1 hour |", "| at once | as soon as possible |"
    )


@control(
    "TASK-002-DOD-5",
    _COMPLETE,
    expects="The last drill was on 2020-02-29",
)
def drill_overdue(saboteur: Saboteur) -> None:
    """Drill once, long ago, and never again."""
    saboteur.edit(PAGE, "- 2026-11-25, by", "- 2020-02-29, by")


@control(
    "TASK-002-DOD-5",
    _CONTAINED,
    expects="The runbook's commands to quarantine fail",
)
def suspect_left_in_service(saboteur: Saboteur) -> None:
    """Label the suspicious pod, and leave it behind its Service."""
    saboteur.edit(PAGE, '"$POD" app.kubernetes.io/name- ', '"$POD" ')


@control(
    "TASK-002-DOD-5",
    _CONTAINED,
    expects="is not running any more, so it cannot be examined",
)
def suspect_deleted_at_once(saboteur: Saboteur) -> None:
    """Delete the suspicious pod before its evidence is preserved."""
    saboteur.edit(
        PAGE,
        'label pod "$POD" app.kubernetes.io/name- checkout.network/dns- incident=quarantined',
        'delete pod "$POD"',
    )


@control(
    "TASK-002-DOD-5",
    _CONTAINED,
    expects=r"the evidence has no log\.txt",
)
def evidence_without_log(saboteur: Saboteur) -> None:
    """Preserve the objects, and not the log of the pod."""
    saboteur.edit(PAGE, '--prefix > "$FOLDER/log.txt"', "--prefix > /dev/null")


@control(
    "TASK-002-DOD-5",
    _CONTAINED,
    expects=r"processes\.txt holds a secret value",
)
def evidence_with_secrets(saboteur: Saboteur) -> None:
    """Collect the environment variables of processes as well."""
    saboteur.edit(PAGE, 'tr "\\0" " " < "$each/cmdline"', 'tr "\\0" " " < "$each/environ"')


@control(
    "TASK-002-DOD-5",
    _CONTAINED,
    expects=r"the hash of connections\.txt is wrong or missing",
)
def evidence_not_sealed(saboteur: Saboteur) -> None:
    """Write the hashes of some files only."""
    saboteur.edit(
        PAGE,
        '(cd "$FOLDER" && sha256sum -- * > SHA256SUMS)',
        '(cd "$FOLDER" && sha256sum -- *.yaml > SHA256SUMS)',
    )


@control("TASK-002-DOD-5", _COMPLETE, expects="assigns the role scribe to nobody: .*n/a")
def a_role_that_is_only_filled_in(saboteur: Saboteur) -> None:
    """Fill in the row of a role, and find nobody for it."""
    saboteur.edit(PAGE, "| scribe | anybody who is free |", "| scribe | n/a |")


@control("TASK-002-DOD-5", _COMPLETE, expects="the section Afterwards of .* is only filled in")
def a_section_that_is_only_filled_in(saboteur: Saboteur) -> None:
    """Promise to write a section some day."""
    edits.substitute(
        saboteur.repository() / PAGE,
        (r"(?s)## Afterwards\n.*?\n## ", "## Afterwards\n\nNot there yet, to be done.\n\n## "),
    )


@control("TASK-002-DOD-5", _COMPLETE, expects=r"does not lead to secret-rotation\.md")
def what_the_pod_knew_stays_valid(saboteur: Saboteur) -> None:
    """Leave out that the password and the key have to be rotated."""
    saboteur.edit(PAGE, "[Rotation of the secrets](secret-rotation.md)", "the team's own")


@control("TASK-002-DOD-5", _CONTAINED, expects="does not isolate .*: it does not select the pod")
def a_quarantine_that_isolates_nobody(saboteur: Saboteur) -> None:
    """Let the policy select another label and forget egress, and revoke nothing."""
    page = saboteur.repository() / PAGE
    edits.replace(page, "       incident: quarantined\n", "       incident: quarantine\n")
    edits.replace(page, "policyTypes: [Ingress, Egress]", "policyTypes: [Ingress]")
    edits.substitute(page, _REVOKE)


@control("TASK-002-DOD-5", _CONTAINED, expects="does not isolate .*: it allows egress")
def a_quarantine_that_lets_everything_out(saboteur: Saboteur) -> None:
    """Write a rule for egress that allows all of it."""
    types = "     policyTypes: [Ingress, Egress]\n"
    saboteur.edit(PAGE, types, f"{types}     egress: [{{}}]\n")


@control("TASK-002-DOD-5", _CONTAINED, expects="is not isolated: the policy dns allows egress")
def a_quarantine_that_leaves_dns(saboteur: Saboteur) -> None:
    """Leave the pod the label by which it may ask name servers."""
    saboteur.edit(PAGE, " checkout.network/dns- incident=", " incident=")


@control("TASK-002-DOD-5", _CONTAINED, expects=r"still has \d+ sessions in the database")
def sessions_that_nobody_ends(saboteur: Saboteur) -> None:
    """Isolate the pod, and leave its sessions in the database."""
    edits.substitute(saboteur.repository() / PAGE, _REVOKE)


@control(
    "TASK-002-DOD-5",
    _CONTAINED,
    expects=r"environment\.gz holds a secret value .*objects\.yaml holds a secret value",
)
def evidence_with_encoded_secrets(saboteur: Saboteur) -> None:
    """Collect the Secrets as the API has them, and compressed environment variables."""
    page = saboteur.repository() / PAGE
    kinds = "     deployments,replicasets,statefulsets,services,"
    edits.replace(page, kinds, kinds.replace("deployments", "secrets,deployments"))
    edits.replace(page, _TAR, f'{_ENVIRONMENT}     | gzip > "$FOLDER/environment.gz"\n{_TAR}')


@control("TASK-002-DOD-5", _CONTAINED, expects=r"environment\.txt holds a secret value")
def evidence_with_secrets_across_lines(saboteur: Saboteur) -> None:
    """Collect the environment variables in base64, in short lines."""
    line = f'{_ENVIRONMENT}     | base64 --wrap=20 > "$FOLDER/environment.txt"\n'
    edits.replace(saboteur.repository() / PAGE, _TAR, f"{line}{_TAR}")
