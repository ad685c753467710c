from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from acceptance.domains.delivery import suite_tester
from acceptance.domains.delivery.drivers import suites
from acceptance.domains.delivery.drivers.suite_baseline import FILE
from acceptance.domains.delivery.drivers.suites import SuiteFacts
from acceptance.domains.delivery.suite_tester import SuiteTester
from acceptance.judgement import Unverifiable
from acceptance.project import ROOT
from tests.fakes.evidence import RecordedEvidence
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of
from tests.support.repositories import Workshop, workshop

__all__ = ["workshop"]


@pytest.fixture
def keep() -> RecordedEvidence:
    """The evidence."""
    return RecordedEvidence()


@pytest.fixture
def tester(keep: RecordedEvidence, tmp_path: Path) -> SuiteTester:
    """The tester."""
    return SuiteTester(context_of(replace(SYSTEM, repository=str(tmp_path)), keep=keep))


def suite(name: str = "backend unit", **changes: object) -> SuiteFacts:
    """A suite that passed."""
    facts = SuiteFacts(name, 0, 3, (), (), (), "", 1.0, "3 passed")
    return replace(facts, **changes)  # type: ignore[arg-type]


EXPIRED = """[[exception]]
suite = "backend unit"
fewer = 1
reason = "Later"
approved_by = "Jane Doe"
expires = 2020-01-31
"""
INTEGRATION = suite("backend integration", database="PostgreSQL 15.18 on x86_64 (LocalPostgres)")


def test_every_suite_has_to_be_run_and_to_pass(tester: SuiteTester) -> None:
    """And the integration tests name their database."""
    tester.assert_all_passed((suite(), INTEGRATION))
    tester.assert_real_database((suite(), INTEGRATION))


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (suite(failed=("a: b (no)",), exit_code=1), "1 of 3 backend unit tests failed, first a: b"),
        (
            suite(errors=("a: b (no disk)",), exit_code=1),
            r"1 of 4 .* failed, first a: b \(no disk\)",
        ),
        (suite(executed=0, exit_code=5), "No backend unit test was executed: there is none"),
        (suite(executed=0, skipped=("a (slow)",)), "executed: all 1 were skipped"),
        (suite(exit_code=3, last_lines="INTERNALERROR"), "ended with exit code 3: INTERNALERROR"),
        (suite(exit_code=-9, last_lines=""), "ended with exit code -9: it wrote nothing"),
    ],
)
def test_what_is_wrong_with_a_suite_is_said(
    tester: SuiteTester, facts: SuiteFacts, reason: str
) -> None:
    """In one sentence, with the first test that failed."""
    with pytest.raises(AssertionError, match=reason):
        tester.assert_all_passed((facts, INTEGRATION))


def test_no_suite_proves_nothing(tester: SuiteTester) -> None:
    """Neither for the suites nor for the integration tests."""
    with pytest.raises(AssertionError, match="No suite was run"):
        tester.assert_all_passed(())
    with pytest.raises(AssertionError, match="No integration test was run"):
        tester.assert_real_database((suite(),))


def test_a_machine_without_a_database_proves_nothing(tester: SuiteTester) -> None:
    """That is unverified; but a test that failed counts first."""
    none = suite(
        "backend integration",
        executed=0,
        skipped=("a (Skipped: there is no PostgreSQL and no Docker here)",),
    )
    with pytest.raises(Unverifiable, match="apt-get install postgresql"):
        tester.assert_all_passed((suite(), none))
    with pytest.raises(AssertionError, match="1 of 3 backend unit tests failed"):
        tester.assert_all_passed((suite(failed=("a",)), none))


def test_the_suite_skips_in_the_words_that_the_tester_knows() -> None:
    """The words are in two places that cannot import each other."""
    conftest = ROOT / "checkout/backend/tests/conftest.py"
    assert suite_tester._NO_DATABASE in conftest.read_text(encoding="utf-8")


def test_a_database_of_another_kind_is_seen(tester: SuiteTester) -> None:
    """A substitute in memory is not an integration test."""
    with pytest.raises(AssertionError, match="report no PostgreSQL, but SQLite 3"):
        tester.assert_real_database((replace(INTEGRATION, database="SQLite 3"),))


def test_tests_that_are_gone_or_skipped_are_missed(
    workshop: Workshop, keep: RecordedEvidence
) -> None:
    """With remarks about exceptions; without a declared number nothing is known."""
    workshop.write("README.md", "")
    workshop.commit("One")
    tester = SuiteTester(context_of(replace(SYSTEM, repository=str(workshop.root)), keep=keep))
    with pytest.raises(Unverifiable, match=r"how many backend unit tests there were\. Try"):
        tester.assert_none_missing((suite(),))
    workshop.write(FILE, '[tests]\n"backend unit" = 3\n')
    tester.assert_none_missing((suite(),))
    workshop.write(FILE, '[tests]\n"backend unit" = 4\n' + EXPIRED)
    with pytest.raises(AssertionError, match=r"1 are missing .* expired on 2020-01-31; Jane"):
        tester.assert_none_missing((suite(),))
    assert '"tests": 4' in keep.kept["How many tests each suite has to have"]


def test_the_tester_keeps_facts_and_reports(
    tester: SuiteTester, keep: RecordedEvidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The facts list skipped tests."""
    found = {"backend unit": (suite(skipped=("a (later)",)), "<testsuites/>")}
    monkeypatch.setattr(suites, "run_suites", lambda *_, **__: found)
    assert tester.run_tests() == (found["backend unit"][0],)
    assert "a (later)" in keep.kept["Result of each test suite"]
    assert keep.kept["JUnit report of the backend unit tests"] == "<testsuites/>"
