from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from acceptance.domains.delivery import scanning
from acceptance.domains.delivery import tester as testing
from acceptance.domains.delivery.drivers import suites
from acceptance.domains.delivery.drivers.exceptions import FILE, ExceptionFacts, read_exceptions
from acceptance.domains.delivery.drivers.scanners.facts import ScanFinding, ScanPart, ScannerFacts
from acceptance.domains.delivery.drivers.suites import SuiteFacts
from acceptance.domains.delivery.scanning import ScanResult
from acceptance.domains.delivery.security_scan import SecurityScanner
from acceptance.domains.delivery.triage import CRITICAL_CHECKS, is_critical, triage
from acceptance.errors import BrokenInput
from acceptance.judgement import Unverifiable
from acceptance.project import ROOT
from acceptance.settings import Timeouts
from acceptance.system import System
from tests.fakes.system import SYSTEM

TODAY = date(2026, 11, 25)


class Folder:
    """Takes evidence as the recorder does."""

    def __init__(self) -> None:
        """Begin empty."""
        self.kept: dict[str, str] = {}

    def __call__(self, title: str, content: str | bytes, kind: str = "json") -> None:
        """Keep text by its title."""
        assert kind in {"json", "text"}
        assert isinstance(content, str)
        self.kept[title] = content


@pytest.fixture
def keep() -> Folder:
    """The evidence."""
    return Folder()


def system(repository: Path) -> System:
    """A system whose sources lie in `repository`."""
    return replace(SYSTEM, repository=str(repository), images=("localhost/app:1",))


def suite(name: str = "backend unit", **changes: object) -> SuiteFacts:
    """A suite that passed."""
    facts = SuiteFacts(name, 0, 3, (), (), (), "", 1.0, "3 passed")
    return replace(facts, **changes)  # type: ignore[arg-type]


INTEGRATION = suite("backend integration", database="PostgreSQL 15.18 on x86_64 (LocalPostgres)")


@pytest.fixture
def tester(keep: Folder, tmp_path: Path) -> testing.SuiteTester:
    """The tester."""
    return testing.SuiteTester(system(tmp_path), keep=keep, timeouts=Timeouts())


def test_every_suite_has_to_be_run_and_to_pass(tester: testing.SuiteTester) -> None:
    """Skipped tests are allowed beside others: they are listed in the evidence."""
    tester.judge_passed((suite(skipped=("a (later)",)), INTEGRATION))
    tester.judge_integrated((suite(), INTEGRATION))


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (suite(failed=("a: b (no)",), code=1), "1 of 3 backend unit tests failed, first a: b"),
        (suite(errors=("a: b (no disk)",), code=1), r"1 of 4 .* failed, first a: b \(no disk\)"),
        (suite(executed=0, code=5), "No backend unit test was executed: there is none"),
        (suite(executed=0, skipped=("a (slow)",)), "executed: all 1 were skipped"),
        (suite(code=3, said="INTERNALERROR"), "ended with exit code 3: INTERNALERROR"),
        (suite(code=-9, said=""), "ended with exit code -9: it said nothing"),
    ],
)
def test_what_is_wrong_with_a_suite_is_said(
    tester: testing.SuiteTester, facts: SuiteFacts, reason: str
) -> None:
    """In one sentence, with the first test that failed."""
    with pytest.raises(AssertionError, match=reason):
        tester.judge_passed((facts, INTEGRATION))


def test_no_suite_proves_nothing(tester: testing.SuiteTester) -> None:
    """Neither for the suites nor for the integration tests."""
    with pytest.raises(AssertionError, match="No suite was run"):
        tester.judge_passed(())
    with pytest.raises(AssertionError, match="No integration test was run"):
        tester.judge_integrated((suite(),))


def test_a_machine_without_a_database_proves_nothing(tester: testing.SuiteTester) -> None:
    """That is unverified; but a test that failed elsewhere counts first."""
    none = suite(
        "backend integration",
        executed=0,
        skipped=("a (Skipped: there is no PostgreSQL and no Docker here)",),
    )
    with pytest.raises(Unverifiable, match="apt-get install postgresql"):
        tester.judge_passed((suite(), none))
    with pytest.raises(AssertionError, match="1 of 3 backend unit tests failed"):
        tester.judge_passed((suite(failed=("a",)), none))


def test_the_suite_skips_in_the_words_that_the_tester_knows() -> None:
    """They stand in two places that import nothing from each other."""
    conftest = ROOT / "checkout/backend/tests/conftest.py"
    assert testing._NO_DATABASE in conftest.read_text(encoding="utf-8")


def test_a_database_of_another_kind_is_seen(tester: testing.SuiteTester) -> None:
    """A fast stand-in in memory is no integration."""
    with pytest.raises(AssertionError, match="that they ran on: SQLite 3"):
        tester.judge_integrated((replace(INTEGRATION, database="SQLite 3"),))


def test_the_tester_keeps_facts_and_reports(
    tester: testing.SuiteTester, keep: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Skipped tests are listed there."""
    found = {"backend unit": (suite(skipped=("a (later)",)), "<testsuites/>")}
    monkeypatch.setattr(suites, "run_suites", lambda *_, **__: found)
    assert tester.run_tests() == (found["backend unit"][0],)
    assert "a (later)" in keep.kept["What became of each test suite"]
    assert keep.kept["Report of the backend unit tests"] == "<testsuites/>"


KEY = ScanFinding("detect-secrets", "AWS Access Key", "a.env", "a secret", fingerprint="abc")


@pytest.mark.parametrize(
    ("finding", "critical"),
    [
        (ScanFinding("bandit", "B602", "a.py", "x", "HIGH", "HIGH"), True),
        (ScanFinding("bandit", "B602", "a.py", "x", "HIGH", "MEDIUM"), True),
        (ScanFinding("bandit", "B602", "a.py", "x", "HIGH", "LOW"), False),
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
    """As the decision record has it; what no rule knows counts."""
    assert is_critical(finding) == critical


def test_every_critical_check_is_explained() -> None:
    """The decision record lists the same checks as the code."""
    text = (ROOT / "docs/adr/0008-what-is-critical.md").read_text(encoding="utf-8")
    assert all(f"`{check}`" in text for check in CRITICAL_CHECKS)


def excuse(**changes: str) -> ExceptionFacts:
    """An exception for the key."""
    texts = {"where": "a.env", "expires": "2026-11-25", "fingerprint": "abc"} | changes
    return ExceptionFacts(
        "detect-secrets", "AWS Access Key", owner="Team", reason="made up", **texts
    )


def test_an_exception_counts_until_its_day() -> None:
    """With its last day; for a pattern of places too."""
    for exception in (excuse(), excuse(where="*.env", fingerprint="")):
        triaged = triage([KEY], [exception], TODAY)
        assert triaged.accepted == ((KEY, exception),)
        assert (triaged.critical, triaged.remarks) == ((), ())


@pytest.mark.parametrize(
    ("exception", "remark"),
    [
        (excuse(expires="2026-11-24"), "a.env expired on 2026-11-24; it is Team's"),
        (excuse(fingerprint="other"), "Nothing needs the exception"),
        (excuse(where="b.env"), "Nothing needs the exception"),
    ],
)
def test_an_exception_that_does_not_count_is_reported(
    exception: ExceptionFacts, remark: str
) -> None:
    """And the finding stays critical."""
    triaged = triage([KEY], [exception], TODAY)
    assert triaged.critical == (KEY,)
    assert remark in triaged.remarks[0]


def test_the_exceptions_of_this_project_can_be_read() -> None:
    """Each with an owner, a reason and a day."""
    found = read_exceptions(ROOT)
    assert found
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[[exception", "not valid TOML"),
        ("[other]", "nothing but"),
        ("exception = 1", "nothing but"),
        ("exception = [1]", "exception 1 has to be a table"),
        ('[[exception]]\nscaner = "x"', "unknown key scaner"),
        ('[[exception]]\nscanner = "x"\nrule = " "', "exception 1 has no rule"),
        (
            '[[exception]]\nscanner="x"\nrule="y"\nwhere="z"\nowner="o"\nreason="r"\nexpires="x"',
            "has no expires. Try: a date without quotes",
        ),
    ],
)
def test_exceptions_that_nobody_can_read_excuse_nothing(
    tmp_path: Path, text: str, wrong: str
) -> None:
    """The sentence names the entry."""
    assert read_exceptions(tmp_path) == ()
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text(text)
    with pytest.raises(BrokenInput, match=wrong):
        read_exceptions(tmp_path)


def scan(part: ScanPart, *findings: ScanFinding, **changes: object) -> ScannerFacts:
    """A scanner that looked at three unit."""
    facts = ScannerFacts(f"scanner of {part}", part, "1.0", 3, "unit", findings)
    return replace(facts, **changes)  # type: ignore[arg-type]


SCANS = (scan("code"), scan("deployment"), scan("secrets"), scan("images"))


@pytest.fixture
def engineer(keep: Folder, tmp_path: Path) -> SecurityScanner:
    """The security engineer."""
    return SecurityScanner(system(tmp_path), keep=keep, timeouts=Timeouts())


def scans_of(*scans: ScannerFacts) -> ScanResult:
    """An audit without exceptions."""
    return ScanResult(scans, triage([each for one in scans for each in one.findings], [], TODAY))


def test_a_clean_scan(engineer: SecurityScanner) -> None:
    """All parts were looked at, and nothing was found; a second scanner may be missing."""
    found = scans_of(*SCANS, scan("images", scanner="trivy", problem="It is not installed."))
    engineer.judge_critical(found)
    engineer.judge_thorough(found)


def test_critical_findings_are_named(engineer: SecurityScanner) -> None:
    """With what is to be said of exceptions."""
    triaged = triage([KEY], [excuse(expires="2020-01-01")], TODAY)
    reason = r"1 critical: detect-secrets: a secret \(AWS Access Key\) in a\.env\. .* expired on"
    with pytest.raises(AssertionError, match=reason):
        engineer.judge_critical(ScanResult((scan("secrets", KEY),), triaged))


@pytest.mark.parametrize(
    ("scans", "reason"),
    [
        (SCANS[:3], r"the images \(no scanner\)"),
        ((*SCANS[:3], scan("images", problem="No network.")), r"scanner of images: No network\)"),
        ((*SCANS[:3], scan("images", scanned=0)), "it found no unit to look at"),
        ((), r"the code .*the deployment .*the secrets .*the images"),
    ],
)
def test_a_part_that_nobody_looked_at_is_unverified(
    engineer: SecurityScanner, scans: tuple[ScannerFacts, ...], reason: str
) -> None:
    """A scanner that read nothing has found nothing."""
    with pytest.raises(Unverifiable, match=reason):
        engineer.judge_thorough(scans_of(*scans))


def test_the_engineer_keeps_which_scanners_ran(
    engineer: SecurityScanner, keep: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And which could not, and why; what was found is in a file of its own."""
    scanners: list[tuple[str, ScanPart, Callable[[], ScannerFacts]]] = [
        ("a", "secrets", lambda: scan("secrets", KEY)),
        ("b", "code", lambda: scan("code", problem="It is not installed.")),
    ]
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.setattr(scanning, "_scanners", lambda *_: scanners)
    found = engineer.scan()
    assert found.triaged.critical == (KEY,)
    ran = json.loads(keep.kept["What was scanned and by what"])
    assert [(each["ran"], each["problem"]) for each in ran] == [
        (True, ""),
        (False, "It is not installed."),
    ]
    assert "AWS Access Key" in keep.kept["What was found"]
