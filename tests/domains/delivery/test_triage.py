from __future__ import annotations

from datetime import date

import pytest

from acceptance.domains.delivery.drivers.exceptions import ExceptionFacts
from acceptance.domains.delivery.drivers.scanners.facts import ScanFinding
from acceptance.domains.delivery.triage import CRITICAL_CHECKS, INJECTION, is_critical, triage
from acceptance.project import ROOT

TODAY = date(2026, 11, 25)
KEY = ScanFinding("detect-secrets", "AWS Access Key", "a.env", "a secret", fingerprint="abc")


@pytest.mark.parametrize(
    ("finding", "critical"),
    [
        (ScanFinding("bandit", "B602", "a.py", "x", "HIGH", "HIGH"), True),
        (ScanFinding("bandit", "B602", "a.py", "x", "HIGH", "MEDIUM"), True),
        (ScanFinding("bandit", "B324", "a.py", "x", "HIGH", "LOW"), False),
        (ScanFinding("bandit", "B602", "a.py", "x", "HIGH", "LOW"), True),
        (ScanFinding("bandit", "B602", "a.py", "x", "LOW", "HIGH"), False),
        (ScanFinding("bandit", "B608", "a.py", "x", "MEDIUM", "LOW"), True),
        (ScanFinding("bandit", "B307", "a.py", "x", "MEDIUM", "HIGH"), True),
        (ScanFinding("bandit", "B301", "a.py", "x", "MEDIUM", "HIGH"), True),
        (ScanFinding("semgrep", "python-path-from-request", "a.py", "x"), True),
        (ScanFinding("bandit", "B104", "a.py", "x", "MEDIUM", "HIGH"), False),
        (ScanFinding("checkov", "CKV_K8S_16", "Pod.a.b", "x"), True),
        (ScanFinding("checkov", "CKV_K8S_43", "Pod.a.b", "x"), False),
        (ScanFinding("trivy", "CVE-1", "app/zlib1g", "x", "CRITICAL"), True),
        (ScanFinding("trivy", "CVE-1", "app/zlib1g", "x", "HIGH"), False),
        (ScanFinding("security updates", "pending", "app/libc6", "x"), True),
        (ScanFinding("a new scanner", "?", "a", "x"), True),
        (KEY, True),
    ],
)
def test_what_is_critical(finding: ScanFinding, *, critical: bool) -> None:
    """As the decision record says; a finding of an unknown scanner is critical."""
    assert is_critical(finding) == critical


def test_every_critical_check_is_explained() -> None:
    """The decision record lists the same checks as the code."""
    text = (ROOT / "docs/adr/0008-what-is-critical.md").read_text(encoding="utf-8")
    assert all(f"`{check}`" in text for check in CRITICAL_CHECKS | INJECTION)


def accept(**changes: str) -> ExceptionFacts:
    """An exception that accepts the key."""
    texts = {"where": "a.env", "expires": "2026-11-25", "fingerprint": "abc"} | changes
    return ExceptionFacts(
        "detect-secrets", "AWS Access Key", owner="Team", reason="made up", **texts
    )


def test_an_exception_counts_until_its_day() -> None:
    """Its last day included; the place may be a pattern."""
    for exception in (accept(), accept(where="*.env", fingerprint="")):
        triaged = triage([KEY], [exception], TODAY)
        assert triaged.accepted == ((KEY, exception),)
        assert (triaged.critical, triaged.remarks) == ((), ())


@pytest.mark.parametrize(
    ("exception", "remark"),
    [
        (accept(expires="2026-11-24"), "a.env expired on 2026-11-24; its owner is Team"),
        (accept(fingerprint="other"), "No finding needs the exception"),
        (accept(where="b.env"), "No finding needs the exception"),
    ],
)
def test_an_exception_that_does_not_count_is_reported(
    exception: ExceptionFacts, remark: str
) -> None:
    """And the finding stays critical."""
    triaged = triage([KEY], [exception], TODAY)
    assert triaged.critical == (KEY,)
    assert remark in triaged.remarks[0]
