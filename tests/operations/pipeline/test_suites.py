from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.errors import BrokenInput, EnvironmentFailure
from acceptance.project import ROOT
from operations.pipeline import earlier
from operations.pipeline.earlier import earlier_tests
from operations.pipeline.history import History
from operations.pipeline.parts import BACKEND, FRONTEND, Part, Suite
from operations.pipeline.suites import junit_name, list_tests, run_suite
from operations.pipeline.test import test as run_tests
from operations.pipeline.verdict import problems_of_tests
from tests.operations.pipeline.conftest import Event
from tests.support.repositories import Workshop

UNIT = Part("backend", "checkout/backend", (Suite("backend unit", "not postgres"),), ())
CONFIG = (
    '[tool.pytest.ini_options]\ntestpaths = ["tests"]\naddopts = ["--import-mode=importlib"{}]\n'
)
DECLARED = '[tests]\n"backend unit" = {}\n'


def write_suite(workshop: Workshop, tests: str, *, number: int, options: str = "") -> None:
    """Write a suite of pytest."""
    workshop.write("checkout/backend/pyproject.toml", CONFIG.format(options))
    workshop.write("checkout/backend/tests/test_api.py", tests)
    workshop.write("checkout/test-suites.toml", DECLARED.format(number))


def test_each_test_that_is_left_out_is_told_by_name(
    workshop: Workshop, history: History, event: Event, tmp_path: Path
) -> None:
    """Removed, deselected by the configuration, by a hook, skipped, expected to fail."""
    kept = "def test_a(): pass\n"
    write_suite(workshop, f"{kept}def test_gone(): pass\ndef test_option(): pass\n", number=3)
    before = workshop.commit("Begin")
    tests = (
        f"import pytest\n{kept}def test_option(): pass\ndef test_hook(): pass\n"
        '@pytest.mark.skip(reason="later")\ndef test_skipped(): pass\n'
        "@pytest.mark.xfail\ndef test_lucky(): pass\n"
    )
    write_suite(workshop, tests, number=6, options=', "-k", "not option"')
    hook = (
        "import pytest\n@pytest.hookimpl(tryfirst=True)\n"
        "def pytest_collection_modifyitems(items):\n"
        '    items[:] = [each for each in items if each.name != "test_hook"]\n'
    )
    workshop.write("checkout/backend/tests/conftest.py", hook)
    workshop.commit("Leave tests out")
    found = run_tests(UNIT, history, event(before=before), reports=tmp_path / "reports")
    assert found == (
        "test skipped: backend unit: tests.test_api: test_skipped (later)",
        "test expected to fail: backend unit: tests.test_api: test_lucky",
        "tests missing: backend unit: 3 instead of 6, as declared",
        "test missing: backend unit: tests.test_api: test_gone",
        "test missing: backend unit: tests.test_api: test_option",
        "test deselected: backend unit: tests.test_api: test_hook",
    )
    assert (tmp_path / "reports" / "backend-unit.xml").exists()


def test_a_failing_test_is_told_by_name(
    workshop: Workshop, history: History, event: Event, tmp_path: Path
) -> None:
    """The names are those of the report; the branch before may have been broken."""
    write_suite(workshop, "def test_a(): pass\n", number=1)
    workshop.commit("Begin")
    write_suite(workshop, "def test_a(: pass\n", number=1)
    broken = workshop.commit("Break it")
    again = "class TestB:\n    def test_b(self): assert 1 == 2\n"
    write_suite(workshop, again, number=1)
    workshop.commit("Repair it, and lose a test")
    found = run_tests(UNIT, history, event(before=broken), reports=tmp_path)
    assert found == (
        "test failed: backend unit: tests.test_api.TestB: test_b (assert 1 == 2)",
        "test missing: backend unit: tests.test_api: test_a",
    )


def test_tests_that_cannot_be_listed_are_not_taken_for_none(
    workshop: Workshop, history: History, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a removed test would be seen by nobody."""
    monkeypatch.setattr(earlier, "list_tests", lambda *_, **__: None)
    write_suite(workshop, "def test_a(: pass\n", number=1)
    broken = workshop.commit("Begin")
    write_suite(workshop, "", number=1)
    workshop.commit("Remove it")
    with pytest.raises(EnvironmentFailure, match="so a missing one would not be seen"):
        earlier_tests(UNIT, history, event(before=broken))


def test_a_suite_that_nobody_declared_is_an_error(
    workshop: Workshop, history: History, tmp_path: Path
) -> None:
    """What is not declared cannot be missed."""
    workshop.write("checkout/test-suites.toml", "[tests]\nother = 1\n")
    with pytest.raises(BrokenInput, match="how many tests the suite backend unit has"):
        run_tests(UNIT, history, {}, reports=tmp_path)


def test_the_tests_of_vitest_have_the_same_names_in_each_list(tmp_path: Path) -> None:
    """In its report and before it runs; one that is expected to fail looks passed in the report."""
    installed = ROOT / "checkout" / "frontend" / "node_modules"
    (tmp_path / "node_modules").symlink_to(installed)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "a.test.ts").write_text(
        'import { describe, expect, it } from "vitest";\n'
        'describe("money", () => {\n'
        '  it.each([1, 2])("reads %i", () => {});\n'
        '  it.fails("is wrong", () => { expect(1).toBe(2); });\n'
        '  it.skip("waits", () => {});\n'
        "});\n"
    )
    done = run_suite(tmp_path, FRONTEND.suites[0], tmp_path / "junit.xml")
    name = "tests/a.test.ts: money > "
    assert done.report.executed == {f"{name}reads 1", f"{name}reads 2", f"{name}is wrong"}
    assert list(done.report.skipped) == [f"{name}waits"]
    assert {each.name for each in done.known if "fails" in each.marks} == {f"{name}is wrong"}
    listed = list_tests(tmp_path, of_pytest=False)
    assert listed is not None
    assert {each.name for each in listed} >= done.report.executed
    assert problems_of_tests([done], {}, listed) == []


def test_the_parts_have_the_suites_of_this_repository() -> None:
    """A test of the database belongs to the integration suite by its mark."""
    assert [each.name for each in (*BACKEND.suites, *FRONTEND.suites)] == [
        "backend unit",
        "backend integration",
        "frontend",
    ]
    assert junit_name("tests/sub/test_a.py::TestB::test_c[x::y/z.py]") == (
        "tests.sub.test_a.TestB: test_c[x::y/z.py]"
    )
