from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from acceptance.domains.delivery import scanning
from acceptance.domains.delivery.drivers.exceptions import ExceptionFacts
from acceptance.domains.delivery.drivers.scanners.facts import ScanFinding, ScannerFacts, ScanPart
from acceptance.domains.delivery.scanning import ScanResult
from acceptance.domains.delivery.security_scan import SecurityScanner
from acceptance.domains.delivery.triage import triage
from acceptance.judgement import Unverifiable
from tests.fakes.evidence import RecordedEvidence
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

TODAY = date(2026, 11, 25)
KEY = ScanFinding("detect-secrets", "AWS Access Key", "a.env", "a secret", fingerprint="abc")
EXPIRED = ExceptionFacts(
    "detect-secrets", "AWS Access Key", "a.env", "Team", "made up", "2020-01-01", "abc"
)


def scan(part: ScanPart, *findings: ScanFinding, **changes: object) -> ScannerFacts:
    """A scanner that scanned three things."""
    facts = ScannerFacts(f"scanner of {part}", part, "1.0", 3, "things", findings)
    return replace(facts, **changes)  # type: ignore[arg-type]


SCANS = (scan("code"), scan("deployment"), scan("secrets"), scan("images"))


@pytest.fixture
def keep() -> RecordedEvidence:
    """The evidence."""
    return RecordedEvidence()


@pytest.fixture
def scanner(keep: RecordedEvidence, tmp_path: Path) -> SecurityScanner:
    """The security scanner."""
    system = replace(SYSTEM, repository=str(tmp_path), images=("localhost/app:1",))
    return SecurityScanner(context_of(system, keep=keep))


def result_of(*scans: ScannerFacts) -> ScanResult:
    """A scan without exceptions."""
    return ScanResult(scans, triage([each for one in scans for each in one.findings], [], TODAY))


def test_a_clean_scan(scanner: SecurityScanner) -> None:
    """All parts were scanned, and nothing was found; a second scanner may be missing."""
    found = result_of(*SCANS, scan("images", scanner="trivy", problem="It is not installed."))
    scanner.assert_nothing_critical(found)
    scanner.assert_every_part_scanned(found)


def test_critical_findings_are_named(scanner: SecurityScanner) -> None:
    """With remarks about exceptions."""
    triaged = triage([KEY], [EXPIRED], TODAY)
    reason = r"1 critical: detect-secrets: a secret \(AWS Access Key\) in a\.env\. .* expired on"
    with pytest.raises(AssertionError, match=reason):
        scanner.assert_nothing_critical(ScanResult((scan("secrets", KEY),), triaged))


@pytest.mark.parametrize(
    ("scans", "reason"),
    [
        (SCANS[:3], r"the images \(no scanner\)"),
        ((*SCANS[:3], scan("images", problem="No network.")), r"scanner of images: No network\)"),
        ((*SCANS[:3], scan("images", scanned=0)), "there are no things to scan"),
        ((*SCANS, scan("code", problem="a.php.")), r"the code \(scanner of code: a\.php\)"),
        ((), r"the code .*the deployment .*the secrets .*the images"),
    ],
)
def test_a_part_that_was_not_scanned_is_unverified(
    scanner: SecurityScanner, scans: tuple[ScannerFacts, ...], reason: str
) -> None:
    """A scanner that read nothing has found nothing."""
    with pytest.raises(Unverifiable, match=reason):
        scanner.assert_every_part_scanned(result_of(*scans))


def test_the_evidence_has_which_scanners_ran(
    scanner: SecurityScanner,
    keep: RecordedEvidence,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And which could not, and why; the findings are a piece of evidence of their own."""
    scanners: list[tuple[str, ScanPart, Callable[[], ScannerFacts]]] = [
        ("a", "secrets", lambda: scan("secrets", KEY)),
        ("b", "code", lambda: scan("code", problem="It is not installed.")),
    ]
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.setattr(scanning, "_scanners", lambda *_: scanners)
    found = scanner.scan()
    assert found.triaged.critical == (KEY,)
    ran = json.loads(keep.kept["What each scanner scanned"])
    assert [(each["ran"], each["problem"]) for each in ran] == [
        (True, ""),
        (False, "It is not installed."),
    ]
    assert "AWS Access Key" in keep.kept["Triaged findings"]
