from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.domains.delivery.drivers import suites
from acceptance.domains.delivery.drivers.suites import Suite, SuiteFacts, read_junit, run_suites
from acceptance.errors import EnvironmentFailure, SystemFailure

TESTS = """
import os, pytest

def test_holds(record_testsuite_property):
    record_testsuite_property("database", "PostgreSQL 15.18 (LocalPostgres)")
    assert "PYTEST_XDIST_WORKER" not in os.environ

def test_does_not_hold():
    assert 1 == 2

@pytest.mark.skip(reason="not today")
def test_is_left_out(): ...

@pytest.mark.xfail(reason="a bug", strict=True)
def test_is_expected_to_fail(): assert False

@pytest.fixture
def broken():
    raise OSError("no disk")

def test_cannot_run(broken): ...
"""

VITEST = """
// Writes the report that vitest 5.1.1 writes for one test that fails.
import { writeFileSync } from "node:fs";
const file = process.argv.find((each) => each.startsWith("--outputFile=")).slice(13);
writeFileSync(file, `<?xml version="1.0" encoding="UTF-8" ?>
<testsuites name="vitest tests" tests="2" failures="1" errors="0" time="1.3">
    <testsuite name="tests/money.test.ts" tests="2" failures="1" errors="0" skipped="1" time="0.1">
        <testcase classname="tests/money.test.ts" name="money &gt; adds" time="0.01">
            <failure message="expected 3 to be 4" type="AssertionError">
AssertionError: expected 3 to be 4
            </failure>
        </testcase>
        <testcase classname="tests/money.test.ts" name="money &gt; waits" time="0">
            <skipped/>
        </testcase>
    </testsuite>
</testsuites>`);
console.log("JUNIT report written");
process.exit(1);
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Sources with a small suite of each kind."""
    backend = tmp_path / "backend"
    backend.mkdir()
    (backend / "pyproject.toml").write_text("[tool.pytest.ini_options]\nminversion = '9.0'\n")
    (backend / "test_all.py").write_text(TESTS)
    vitest = tmp_path / "frontend" / "node_modules" / "vitest"
    vitest.mkdir(parents=True)
    (vitest / "vitest.mjs").write_text(VITEST)
    return tmp_path


def run_one(root: Path, suite: Suite) -> SuiteFacts:
    """The facts of one suite."""
    return run_suites(root, [suite], timeout=30)[suite.name][0]


def test_a_python_suite_is_run_and_read(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test has its result; the surrounding run changes nothing in the suite."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only")
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    facts = run_one(repository, Suite("unit", "backend", ("pytest",)))
    assert (facts.executed, facts.exit_code) == (2, 1)
    assert facts.failed == ("test_all: test_does_not_hold (assert 1 == 2)",)
    assert len(facts.errors) == 1 and "test_cannot_run" in facts.errors[0]
    assert facts.skipped == (
        "test_all: test_is_left_out (not today)",
        "test_all: test_is_expected_to_fail (expected to fail: a bug)",
    )
    assert facts.database == "PostgreSQL 15.18 (LocalPostgres)"
    assert "2 failed" not in facts.last_lines and "1 failed" in facts.last_lines
    assert not list(repository.rglob("__pycache__"))


@pytest.mark.parametrize(
    ("name", "text", "code", "said"),
    [
        ("conftest.py", "raise OSError('no disk')", 4, "OSError: no disk"),
        ("test_all.py", "", 5, "no tests ran"),
    ],
)
def test_a_suite_that_cannot_start_is_a_fact(
    repository: Path, name: str, text: str, code: int, said: str
) -> None:
    """No test ran, and the exit code and the last lines say why."""
    (repository / "backend" / name).write_text(text)
    facts = run_one(repository, Suite("unit", "backend", ("pytest",)))
    assert (facts.executed, facts.errors, facts.exit_code) == (0, (), code)
    assert said in facts.last_lines


def test_a_file_that_cannot_be_read_is_an_error(repository: Path) -> None:
    """A suite that ran only in part has not passed."""
    (repository / "backend" / "test_other.py").write_text("import nothing_of_that_name")
    facts = run_one(repository, Suite("unit", "backend", ("pytest",)))
    assert any("test_other" in each for each in facts.errors)


def test_the_frontend_suite_is_run_and_read(repository: Path) -> None:
    """By the Node that set-up installed."""
    facts = run_one(repository, suites.Suite("frontend", "frontend", ("vitest",)))
    assert (facts.executed, facts.exit_code) == (1, 1)
    assert facts.failed == ("tests/money.test.ts: money > adds (expected 3 to be 4)",)
    assert facts.skipped == ("tests/money.test.ts: money > waits (no reason)",)


def test_a_missing_program_is_an_environment_failure(tmp_path: Path) -> None:
    """It says nothing about the tests."""
    (tmp_path / "frontend").mkdir()
    with pytest.raises(EnvironmentFailure, match="vitest is not installed"):
        run_one(tmp_path, Suite("frontend", "frontend", ("vitest",)))


def test_a_report_that_is_not_xml_is_a_failure_of_the_suite() -> None:
    """A suite that was killed leaves half a file."""
    with pytest.raises(SystemFailure, match="is not XML"):
        read_junit("<testsuites><testsu")


def test_a_suite_that_does_not_end_is_a_failure_of_the_suite(repository: Path) -> None:
    """It is delivered with the system, and hangs by itself."""
    (repository / "backend" / "test_hangs.py").write_text(
        "import time\n\ndef test_hangs():\n    time.sleep(60)\n"
    )
    with pytest.raises(SystemFailure, match=r"The suite unit does not end: .* did not finish"):
        run_suites(repository, [Suite("unit", "backend", ("pytest",))], timeout=2)
