"""Decides which findings are critical, and which exceptions count. Pure.

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
    from acceptance.domains.delivery.drivers.scanners.facts import Finding

CRITICAL_CHECKS = {
    "CKV_K8S_16": "a privileged container is root on its node",
    "CKV_K8S_17": "it sees and signals the processes of its node",
    "CKV_K8S_18": "it reads the shared memory of its node",
    "CKV_K8S_19": "it uses its node's network, past every network policy",
    "CKV_K8S_20": "a program in it may gain more rights than it was started with",
    "CKV_K8S_23": "it runs as root, one fault of the kernel away from its node",
    "CKV_K8S_25": "it has more capabilities than a container is given anyhow",
    "CKV_K8S_27": "whoever has the engine's socket has the node",
    "CKV_K8S_39": "CAP_SYS_ADMIN is root by another name",
    "CKV_K8S_42": "every pod without an account of its own gets those rights",
    "CKV_K8S_49": "a wildcard also grants what nobody thought of",
    "CKV_K8S_152": "an annotation runs code in the ingress controller (CVE-2021-25742)",
    "CKV_K8S_153": "an annotation rewrites the ingress controller (CVE-2021-25742)",
    "CKV_K8S_154": "an annotation reads the ingress controller's files (CVE-2021-25742)",
    "CKV_K8S_155": "who controls admission webhooks controls every object",
    "CKV_K8S_156": "who approves certificates can be anybody",
    "CKV_K8S_157": "who binds roles can give themselves any of them",
    "CKV_K8S_158": "who escalates roles has all rights",
    "CKV2_K8S_1": "one account can take over another one's rights",
    "CKV2_K8S_2": "one account can take over pods or nodes",
    "CKV2_K8S_3": "one account can act as another one",
    "CKV2_K8S_4": "one account can change what webhooks let through",
    "CKV2_K8S_5": "one account reads all secrets",
    "CKV2_ACCEPTANCE_1": "a folder of the node in a container is a way onto the node",
}
"""Without a key of its maker checkov names no severity: these are the checks that count here."""


@dataclass(frozen=True)
class Sifted:
    """Findings, told apart; and what is to be said of the exceptions."""

    critical: tuple[Finding, ...]
    """Critical, and excused by no exception that counts."""
    excused: tuple[tuple[Finding, ExceptionFacts], ...]
    harmless: tuple[Finding, ...]
    remarks: tuple[str, ...]
    """Sentences about exceptions that are expired or that nothing needs."""


def is_critical(finding: Finding) -> bool:
    """Say whether a release has to wait for this; what no rule here knows counts as critical."""
    match finding.scanner:
        case "bandit":
            return finding.severity == "HIGH" and finding.confidence in {"MEDIUM", "HIGH"}
        case "checkov":
            return finding.rule in CRITICAL_CHECKS
        case "trivy":
            return finding.severity == "CRITICAL"
        case _:
            return True


def sift(findings: Sequence[Finding], exceptions: Sequence[ExceptionFacts], today: date) -> Sifted:
    """Tell critical findings from the others, on the day `today`."""
    critical, excused = [], []
    for finding in (each for each in findings if is_critical(each)):
        found = [each for each in exceptions if _is_about(each, finding)]
        valid = next((each for each in found if not _is_expired(each, today)), None)
        if valid is None:
            critical.append(finding)
        else:
            excused.append((finding, valid))
    used = {exception for _, exception in excused}
    return Sifted(
        tuple(critical),
        tuple(excused),
        tuple(each for each in findings if not is_critical(each)),
        tuple(
            f"The exception for {each} expired on {each.expires}; it is {each.owner}'s."
            if _is_expired(each, today)
            else f"Nothing needs the exception for {each}; it is {each.owner}'s to remove."
            for each in exceptions
            if each not in used
        ),
    )


def _is_about(exception: ExceptionFacts, finding: Finding) -> bool:
    return (
        exception.scanner == finding.scanner
        and exception.rule == finding.rule
        and fnmatchcase(finding.where, exception.where)
        and exception.fingerprint in {"", finding.fingerprint}
    )


def _is_expired(exception: ExceptionFacts, today: date) -> bool:
    return exception.expires < today.isoformat()
