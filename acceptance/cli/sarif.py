"""Writes a security scan as SARIF 2.1.0, the format of code scanning services.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html is the standard;
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
says which parts of it GitHub reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.domains.delivery.drivers.exceptions import ExceptionFacts
    from acceptance.domains.delivery.drivers.scanners.facts import ScanFinding, ScannerFacts
    from acceptance.domains.delivery.scanning import ScanResult

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(found: ScanResult, file_of: Callable[[ScanFinding], str]) -> dict[str, Any]:
    """Return the document: a run for each scanner, with its critical and its accepted findings.

    `file_of` names the file, relative to the repository, in which a finding is shown: some findings
    are about an object or a package. An accepted finding is suppressed, with the exception's
    reason. Findings that are not critical are left out, because they would hide the others.
    """
    accepted = dict(found.triaged.accepted)
    critical = set(found.triaged.critical)
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            _run(
                scan,
                [
                    (finding, accepted.get(finding))
                    for finding in dict.fromkeys(scan.findings)
                    if finding in critical or finding in accepted
                ],
                file_of,
            )
            for scan in found.scans
        ],
    }


def _run(
    scan: ScannerFacts,
    findings: list[tuple[ScanFinding, ExceptionFacts | None]],
    file_of: Callable[[ScanFinding], str],
) -> dict[str, Any]:
    rules = list(dict.fromkeys(finding.rule for finding, _ in findings))
    problem = [{"level": "error", "message": {"text": scan.problem}}] if scan.problem else []
    return {
        "tool": {
            "driver": {
                "name": scan.scanner,
                **({"version": scan.version} if scan.version else {}),
                "rules": [{"id": rule, "properties": {"tags": ["security"]}} for rule in rules],
            }
        },
        # GitHub keeps one run of each category, so every scanner has its own.
        "automationDetails": {"id": f"{scan.part}/{scan.scanner}/"},
        "invocations": [
            {"executionSuccessful": not scan.problem, "toolExecutionNotifications": problem}
        ],
        "results": [
            _result(finding, exception, rules.index(finding.rule), file_of(finding))
            for finding, exception in findings
        ],
    }


def _result(
    finding: ScanFinding, exception: ExceptionFacts | None, rule: int, file: str
) -> dict[str, Any]:
    region = {"region": {"startLine": finding.line}} if finding.line else {}
    thing = [] if file == finding.where else [{"fullyQualifiedName": finding.where}]
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": "error",
        "message": {"text": str(finding)},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": file}, **region},
                **({"logicalLocations": thing} if thing else {}),
            }
        ],
        "partialFingerprints": {"acceptance/v1": f"{finding.rule}/{finding.fingerprint}"},
    }
    if exception is not None:
        why = f"{exception.reason} ({exception.owner}, until {exception.expires})"
        suppression = {"kind": "external", "status": "accepted", "justification": why}
        result["suppressions"] = [suppression]
    return result
