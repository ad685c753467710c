"""Decides which findings are critical, and which of them a valid exception accepts.

docs/adr/0008-what-is-critical.md gives the reasons.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from acceptance.domains.delivery.drivers.exceptions import ExceptionFacts
    from acceptance.domains.delivery.drivers.scanners.facts import ScanFinding

CRITICAL_CHECKS = {
    "CKV_K8S_16": "a privileged container is root on its node",
    "CKV_K8S_17": "it sees and signals the processes of its node",
    "CKV_K8S_18": "it reads the shared memory of its node",
    "CKV_K8S_19": "it uses its node's network, past every network policy",
    "CKV_K8S_20": "a program in it may gain more rights than it was started with",
    "CKV_K8S_23": "it runs as root, one kernel vulnerability away from its node",
    "CKV_K8S_25": "it has more capabilities than the container runtime's defaults",
    "CKV_K8S_27": "access to the container engine's socket is access to the node",
    "CKV_K8S_39": "CAP_SYS_ADMIN is root by another name",
    "CKV_K8S_42": "every pod without an account of its own gets those rights",
    "CKV_K8S_49": "a wildcard also grants rights that nobody intended",
    "CKV_K8S_152": "an annotation runs code in the ingress controller (CVE-2021-25742)",
    "CKV_K8S_153": "an annotation rewrites the ingress controller (CVE-2021-25742)",
    "CKV_K8S_154": "an annotation reads the ingress controller's files (CVE-2021-25742)",
    "CKV_K8S_155": "who controls admission webhooks controls every object",
    "CKV_K8S_156": "who approves certificates can pose as anybody",
    "CKV_K8S_157": "who binds roles can give themselves any of them",
    "CKV_K8S_158": "who escalates roles has all rights",
    "CKV2_K8S_1": "one account can take over another one's rights",
    "CKV2_K8S_2": "one account can take over pods or nodes",
    "CKV2_K8S_3": "one account can act as another one",
    "CKV2_K8S_4": "one account can change what webhooks let through",
    "CKV2_K8S_5": "one account reads all secrets",
    "CKV2_ACCEPTANCE_1": "a folder of the node in a container is a way onto the node",
}
"""checkov reports severities only with a key of its vendor, so the critical checks are listed."""

INJECTION = {
    "B102": "exec runs text as code",
    "B202": "an archive chooses where its files go",
    "B301": "an object that is read can run code",
    "B302": "an object that is read can run code",
    "B307": "eval runs text as code",
    "B308": "text becomes markup",
    "B506": "an object that is read can run code",
    "B601": "text becomes a command on another machine",
    "B602": "text becomes a command",
    "B604": "text becomes a command",
    "B605": "text becomes a command",
    "B608": "text becomes a statement of SQL",
    "B609": "the name of a file becomes an option",
    "B610": "text becomes a statement of SQL",
    "B611": "text becomes a statement of SQL",
    "B612": "who sends a configuration runs code",
    "B614": "a model that is read can run code",
    "B701": "text becomes markup",
    "B702": "text becomes markup",
    "B703": "text becomes markup",
}
"""Checks of bandit for injection, which it often calls medium or low."""
_CONSTANT = {"B602", "B605"}
"""bandit calls these low where the command is a constant, which is nobody's input."""


@dataclass(frozen=True)
class TriagedFindings:
    """The findings by how they count, and remarks about the exceptions."""

    critical: tuple[ScanFinding, ...]
    """Critical, and accepted by no valid exception."""
    accepted: tuple[tuple[ScanFinding, ExceptionFacts], ...]
    """Critical, each with the exception that accepts it."""
    not_critical: tuple[ScanFinding, ...]
    remarks: tuple[str, ...]
    """Sentences about exceptions that have expired or that no finding needs."""


def is_critical(finding: ScanFinding) -> bool:
    """Return whether a finding blocks the release; one of an unknown scanner does."""
    severe = finding.severity == "HIGH" and finding.confidence in {"MEDIUM", "HIGH"}
    match finding.scanner:
        case "bandit":
            constant = finding.rule in _CONSTANT and finding.severity == "LOW"
            return severe or (finding.rule in INJECTION and not constant)
        case "checkov":
            return finding.rule in CRITICAL_CHECKS
        case "zizmor":
            return severe
        case "trivy":
            return finding.severity == "CRITICAL"
        case _:
            return True


def triage(
    findings: Sequence[ScanFinding], exceptions: Sequence[ExceptionFacts], today: date
) -> TriagedFindings:
    """Sort the findings by how they count on the day `today`."""
    critical, accepted = [], []
    for finding in (each for each in findings if is_critical(each)):
        found = [each for each in exceptions if _is_about(each, finding)]
        valid = next((each for each in found if not _is_expired(each, today)), None)
        if valid is None:
            critical.append(finding)
        else:
            accepted.append((finding, valid))
    used = {exception for _, exception in accepted}
    return TriagedFindings(
        tuple(critical),
        tuple(accepted),
        tuple(each for each in findings if not is_critical(each)),
        tuple(
            f"The exception for {each} expired on {each.expires}; its owner is {each.owner}."
            if _is_expired(each, today)
            else f"No finding needs the exception for {each}, which {each.owner} should remove."
            for each in exceptions
            if each not in used
        ),
    )


def _is_about(exception: ExceptionFacts, finding: ScanFinding) -> bool:
    return (
        exception.scanner == finding.scanner
        and exception.rule == finding.rule
        and fnmatchcase(finding.where, exception.where)
        and exception.fingerprint in {"", finding.fingerprint}
    )


def _is_expired(exception: ExceptionFacts, today: date) -> bool:
    return exception.expires < today.isoformat()
