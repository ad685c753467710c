"""Runs the test suites of a part, and lists the tests that it has."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.errors import EnvironmentFailure
from acceptance.process import ProgramTimeout, run, tail
from acceptance.setup.npm import node_folder
from operations.pipeline.junit import Report, read_report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from operations.pipeline.parts import Suite

_LISTING = Path(__file__).resolve().parent / "listing"
_SECONDS = 600.0
_ANY_CODE = range(-64, 256)
_NO_TESTS = 5
"""The exit code of pytest when there is no test."""
_OUTSIDE = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_XDIST_WORKER", "PYTEST_CURRENT_TEST")
"""Variables that would change which tests run, or report to a run that surrounds this one."""


@dataclass(frozen=True)
class KnownTest:
    """A test that is in the sources, whether it ran or not."""

    name: str
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class SuiteRun:
    """How a suite ran."""

    suite: Suite
    code: int
    """The exit code of pytest or vitest."""
    report: Report
    known: tuple[KnownTest, ...]
    """All tests of the same program, also those of other suites and those that were left out."""
    said: str
    """The last lines of its output."""

    @property
    def ended(self) -> bool:
        """Whether it ran to its end, so that what it did not run is missing."""
        return self.code in {0, 1} and bool(self.report.number)


def run_suite(folder: Path, suite: Suite, report: Path) -> SuiteRun:
    """Run a suite in `folder`; its JUnit XML is in the file `report` afterwards.

    Raises `EnvironmentFailure` when a program is missing.
    """
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    if suite.select:
        command = [*_pytest(), f"--junitxml={report}", "-m", suite.select]
    else:
        command = [
            *_vitest(folder),
            *("run", "--allowOnly=false", "--reporter=junit", f"--outputFile.junit={report}"),
            f"--reporter={_LISTING / 'vitest-listing.mjs'}",
        ]
    with tempfile.TemporaryDirectory(prefix="pipeline-suite-") as temporary:
        listing = Path(temporary) / "tests.json"
        try:
            done = run(
                command,
                cwd=folder,
                timeout=_SECONDS,
                env=_environment(listing),
                accepted=_ANY_CODE,
            )
            code, said = done.code, tail(done.stderr + done.stdout, 5)
        except ProgramTimeout as error:
            code, said = -1, error.message
        known = _read(listing) if listing.exists() else ()
    text = report.read_text(encoding="utf-8") if report.exists() else "<testsuites/>"
    return SuiteRun(suite, code, read_report(text), known, said)


def list_tests(folder: Path, *, of_pytest: bool) -> tuple[KnownTest, ...] | None:
    """Return the tests that the sources in `folder` have and select, without running them.

    None if some of them cannot be imported.
    """
    with tempfile.TemporaryDirectory(prefix="pipeline-list-") as temporary:
        listing = Path(temporary) / "tests.json"
        if of_pytest:
            command = [*_pytest(), "--collect-only"]
        else:
            command = [*_vitest(folder), "list", "--no-static-parse", f"--json={listing}"]
        environment = _environment(listing)
        done = run(command, cwd=folder, timeout=_SECONDS, env=environment, accepted=_ANY_CODE)
        if done.code not in {0, _NO_TESTS} or not listing.exists():
            return None
        if of_pytest:
            return _read(listing, selected_only=True)
        found = json.loads(listing.read_text(encoding="utf-8"))
    return tuple(
        KnownTest(f"{os.path.relpath(each['file'], folder.resolve())}: {each['name']}")
        for each in found
    )


def _read(listing: Path, *, selected_only: bool = False) -> tuple[KnownTest, ...]:
    facts = json.loads(listing.read_text(encoding="utf-8"))
    return tuple(
        KnownTest(junit_name(each["id"]), tuple(each["marks"]))
        for each in facts
        if each["selected"] or not selected_only
    )


def junit_name(identity: str) -> str:
    """Return the name in JUnit of a test that pytest calls `tests/test_api.py::test_x[1]`.

    One of vitest has its name in JUnit already.
    """
    path, bracket, parameters = identity.partition("[")
    file, *names = path.split("::")
    if not names:
        return identity
    names[-1] += bracket + parameters
    scope = ".".join((file.removesuffix(".py").replace("/", "."), *names[:-1]))
    return f"{scope}: {names[-1]}"


def _pytest() -> list[str | Path]:
    quiet = ("-q", "-p", "no:cacheprovider", "--color=no", "-p", "pipeline_listing")
    return [sys.executable, "-m", "pytest", *quiet]


def _vitest(folder: Path) -> list[str | Path]:
    program = folder / "node_modules" / "vitest" / "vitest.mjs"
    if not program.exists():
        raise EnvironmentFailure(f"vitest is not installed in {folder}. Try: make setup")
    return [node_folder() / "bin" / "node", program]


def _environment(listing: Path) -> dict[str, str | None]:
    return {
        **dict.fromkeys(_OUTSIDE),
        "PYTHONPATH": str(_LISTING),
        "PIPELINE_LISTING": str(listing),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # the suites need none
        "PYTHONDONTWRITEBYTECODE": "1",
        "NO_COLOR": "1",
        "CI": "1",  # vitest never waits for a key
    }


def names(tests: Sequence[KnownTest]) -> tuple[str, ...]:
    """Return the names of tests, each once."""
    return tuple(dict.fromkeys(each.name for each in tests))
