from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from acceptance.errors import SystemFailure
from operations.pipeline.declared import Declared, read_declared
from operations.pipeline.junit import read_report
from operations.pipeline.parts import BACKEND, DECLARED
from operations.pipeline.suites import KnownTest, SuiteRun
from operations.pipeline.verdict import problems_of_run, problems_of_tests

UNIT, INTEGRATION = BACKEND.suites
DATABASE = '<properties><property name="database" value="PostgreSQL 15"/></properties>'
TODAY = date(2026, 11, 30)


def report(*cases: str, database: str = "") -> str:
    """Return JUnit XML of tests, each with what is inside."""
    written = "".join(
        f'<testcase classname="tests.test_api" name="test_{number}">{case}</testcase>'
        for number, case in enumerate(cases)
    )
    return f"<testsuites><testsuite>{database}{written}</testsuite></testsuites>"


def ran(text: str, *, code: int = 0, suite: object = UNIT) -> SuiteRun:
    """Return the run of a suite with this report."""
    assert suite in BACKEND.suites
    read = read_report(text)
    known = tuple(map(KnownTest, sorted(read.present)))
    return SuiteRun(INTEGRATION if suite is INTEGRATION else UNIT, code, read, known, "the end")


def test_an_integration_suite_without_a_database_has_failed() -> None:
    """Once, and not for each of its tests; an exception does not help."""
    skipped = report(*['<skipped message="there is no PostgreSQL"/>'] * 3)
    assert problems_of_run(ran(skipped, suite=INTEGRATION), Declared(3, ())) == [
        "test failed: backend integration: it had no database: there is no PostgreSQL"
    ]
    sound = report("", "", database=DATABASE)
    assert problems_of_run(ran(sound, suite=INTEGRATION), Declared(2, ())) == []


def test_a_run_that_did_not_end_is_told_by_its_last_lines() -> None:
    """Nothing is called missing then: all of it would be."""
    wrong = ran("<testsuites/>", code=4)
    assert problems_of_run(wrong, Declared(9, ())) == [
        "test failed: backend unit: it ended with exit code 4: the end"
    ]
    assert problems_of_tests([wrong], {"backend unit": Declared(9, ())}, [KnownTest("a")]) == []
    unhandled = ran(report(""), code=1)
    assert "exit code 1" in problems_of_run(unhandled, Declared(1, ()))[0]


def test_a_suite_that_hides_its_tests_has_failed() -> None:
    """Such as by an option that keeps the plugin out, which sees what is deselected."""
    hidden = replace(ran(report("")), known=())
    assert problems_of_run(hidden, Declared(1, ())) == [
        "test failed: backend unit: its configuration keeps the list of its tests away"
    ]


def test_a_file_that_cannot_be_imported_is_a_failure() -> None:
    """The report has it as an error without a class."""
    case = '<testcase classname="" name="tests.test_api"><error message="E"/></testcase>'
    text = f"<testsuites>{case}</testsuites>"
    assert problems_of_run(ran(text, code=2), Declared(9, ())) == [
        "test failed: backend unit: tests.test_api (E)"
    ]


def test_a_reviewed_exception_counts_for_its_suite_until_its_day(tmp_path: Path) -> None:
    """By name or pattern, or by a number; not if it ends in more than a year."""
    (tmp_path / "checkout").mkdir()
    about = 'reason = "r"\napproved_by = "Jane"\n'
    (tmp_path / DECLARED).write_text(
        '[tests]\n"backend unit" = 3\n"backend integration" = 1\n'
        f'[[exception]]\nsuite = "backend unit"\ntests = "*: test_[01]"\n{about}'
        "expires = 2026-11-30\n"
        f'[[exception]]\nsuite = "backend integration"\nfewer = 1\n{about}expires = 2027-01-31\n'
        f'[[exception]]\nsuite = "backend unit"\nfewer = 9\n{about}expires = 2028-01-31\n'
    )
    unit = read_declared(tmp_path, "backend unit", TODAY)
    text = report('<skipped message="later"/>', "", '<skipped message="never"/>')
    assert problems_of_run(ran(text), unit) == [
        "test skipped: backend unit: tests.test_api: test_2 (never)"
    ]
    assert not read_declared(tmp_path, "backend unit", date(2026, 12, 1)).exceptions
    declared = {
        "backend unit": unit,
        "backend integration": read_declared(tmp_path, "backend integration", TODAY),
    }
    runs = [ran(text), ran(report("", database=DATABASE), suite=INTEGRATION)]
    before = [KnownTest("tests.test_old: test_0"), KnownTest("tests.test_old: test_5")]
    assert problems_of_tests(runs, declared, before) == [
        "test missing: backend unit: tests.test_old: test_5"
    ]
    one = [KnownTest("tests.test_old: test_x", ("postgres",))]
    assert problems_of_tests(runs, declared, one) == []
    two = [*one, KnownTest("tests.test_old: test_y", ("postgres",))]
    assert len(problems_of_tests(runs, declared, two)) == 2


def test_a_report_that_is_no_xml_is_the_fault_of_the_suite() -> None:
    """It is what is delivered."""
    with pytest.raises(SystemFailure, match="is not XML"):
        read_report("<testsuites")
