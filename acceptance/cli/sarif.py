"""A security scan in SARIF 2.1.0, the form in which code scanning services take findings.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html is the standard;
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
says which part of it GitHub reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.domains.delivery.drivers.exceptions import ExceptionFacts
    from acceptance.domains.delivery.drivers.scanners.facts import Finding, ScanFacts
    from acceptance.domains.delivery.scanning import Scans

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(found: Scans, file_of: Callable[[Finding], str]) -> dict[str, Any]:
    """Return the document: a run for each scanner, with its critical and its excused findings.

    `file_of` names the file, relative to the repository, at which a finding is shown: some are
    about an object or a package. An excused finding is suppressed, with the exception's reason.
    What stops nobody is left out: whoever reads the page would drown in it.
    """
    excused = dict(found.sifted.excused)
    critical = set(found.sifted.critical)
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            _run(
                scan,
                [
                    (finding, excused.get(finding))
                    for finding in dict.fromkeys(scan.findings)
                    if finding in critical or finding in excused
                ],
                file_of,
            )
            for scan in found.scans
        ],
    }


def _run(
    scan: ScanFacts,
    findings: list[tuple[Finding, ExceptionFacts | None]],
    file_of: Callable[[Finding], str],
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
        # Two runs of one category in a file would replace each other.
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
    finding: Finding, exception: ExceptionFacts | None, rule: int, file: str
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
        excuse = {"kind": "external", "status": "accepted", "justification": why}
        result["suppressions"] = [excuse]
    return result
