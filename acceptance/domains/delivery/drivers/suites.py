"""Runs the system's own test suites from its sources, and reads their JUnit reports."""

from __future__ import annotations

import sys
import tempfile
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.errors import EnvironmentFailure, SystemFailure
from acceptance.process import ProgramTimeout, run, tail, workers
from acceptance.setup.npm import node_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

_OUTSIDE = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_XDIST_WORKER", "PYTEST_CURRENT_TEST")
"""Variables of the surrounding pytest run, which would change how the suites run."""

_ANY_CODE = range(-64, 256)
_LAST_LINES = 8


@dataclass(frozen=True)
class Suite:
    """A test suite of the system: its name, its folder, and the command that runs it."""

    name: str
    folder: str
    """Relative to the repository; the suite runs in this folder."""
    program: tuple[str, ...]
    """pytest or vitest, and its arguments; both write JUnit XML."""


BACKEND_UNIT = Suite("backend unit", "checkout/backend", ("pytest", "-m", "not postgres"))
BACKEND_INTEGRATION = Suite("backend integration", "checkout/backend", ("pytest", "-m", "postgres"))
FRONTEND = Suite("frontend", "checkout/frontend", ("vitest",))

SUITES = (BACKEND_INTEGRATION, FRONTEND, BACKEND_UNIT)
"""All suites, the slowest first."""


@dataclass(frozen=True)
class SuiteFacts:
    """The result of one suite."""

    suite: str
    exit_code: int
    """Of pytest or vitest."""
    executed: int
    """Number of tests that passed or failed."""
    failed: tuple[str, ...]
    """Names of tests, each with the first line of the reason."""
    errors: tuple[str, ...]
    """Fixtures and files that raised an error, each with the first line of the reason."""
    skipped: tuple[str, ...]
    """Names of tests, each with the reason that the suite gives; also of those that are expected to
    fail and did."""
    database: str
    """The version that the suite's database reports; empty if the suite used none."""
    seconds: float
    last_lines: str
    """Of its output."""


def run_suites(
    root: Path, suites: Sequence[Suite], *, timeout: float
) -> dict[str, tuple[SuiteFacts, str]]:
    """Run `suites` of the repository at `root` in parallel; return facts and JUnit XML by name.

    `timeout` is for each suite, in seconds.

    Raises `EnvironmentFailure` when a program is missing, `SystemFailure` when a suite exceeds its
    timeout.
    """
    with workers(max(1, len(suites))) as pool:
        started = [pool.submit(_run, root, suite, timeout) for suite in suites]
        return {suite.name: each.result() for suite, each in zip(suites, started, strict=True)}


def read_junit(text: str) -> tuple[int, tuple[str, ...], tuple[str, ...], tuple[str, ...], str]:
    """Return from JUnit XML: tests executed, failures, errors, skipped tests, and the database.

    Raises `SystemFailure` for a text that is not XML: the suite is part of what is delivered.
    """
    try:
        # Our own suite wrote it just now, and expat limits entity expansion.
        document = ET.fromstring(text)  # noqa: S314
    except ET.ParseError as error:
        raise SystemFailure(f"The report of a test suite is not XML: {error}.") from error
    executed = 0
    failed, errors, skipped = [], [], []
    for case in document.iter("testcase"):
        name = f"{case.get('classname', '')}: {case.get('name', '')}"
        found = {child.tag: _first_line(child) for child in case}
        if "skipped" in found:
            skipped.append(f"{name} ({_expectation(case)}{found['skipped'] or 'no reason'})")
        elif "error" in found:
            errors.append(f"{name} ({found['error'] or 'no reason'})")
        else:
            executed += 1
            if "failure" in found:
                failed.append(f"{name} ({found['failure'] or 'no reason'})")
    named = [each.get("value", "") for each in document.iter("property") if _is_database(each)]
    return executed, tuple(failed), tuple(errors), tuple(skipped), ", ".join(named)


def _is_database(found: ET.Element) -> bool:
    return found.get("name") == "database"


def _expectation(case: ET.Element) -> str:
    """Return how pytest tells a test that is expected to fail from one that is skipped."""
    found = case.find("skipped")
    expected = found is not None and found.get("type") == "pytest.xfail"
    return "expected to fail: " if expected else ""


def _first_line(found: ET.Element) -> str:
    text = (found.get("message") or found.text or "").strip()
    return text.splitlines()[0].strip() if text else ""


def _run(root: Path, suite: Suite, timeout: float) -> tuple[SuiteFacts, str]:
    folder = root / suite.folder
    with tempfile.TemporaryDirectory(prefix="acceptance-suite-") as temporary:
        report = Path(temporary) / "junit.xml"
        try:
            done = run(
                _command(suite, folder, report),
                cwd=folder,
                timeout=timeout,
                accepted=_ANY_CODE,
                env=_environment(),
            )
        except ProgramTimeout as error:
            raise SystemFailure(f"The suite {suite.name} does not end: {error.message}") from error
        text = report.read_text(encoding="utf-8") if report.exists() else "<testsuites/>"
    facts = SuiteFacts(
        suite.name,
        done.code,
        *read_junit(text),
        seconds=round(done.seconds, 1),
        last_lines=tail(done.stderr + done.stdout, _LAST_LINES),
    )
    return facts, text


def _command(suite: Suite, folder: Path, report: Path) -> list[str | Path]:
    program, *arguments = suite.program
    if program == "pytest":
        quiet = ["-q", "-p", "no:cacheprovider", "--color=no"]
        return [sys.executable, "-m", "pytest", *quiet, f"--junitxml={report}", *arguments]
    vitest = folder / "node_modules" / "vitest" / "vitest.mjs"
    if not vitest.exists():
        message = f"vitest is not installed in {folder}. Try: make setup"
        raise EnvironmentFailure(message)
    node = node_folder() / "bin" / "node"
    return [node, vitest, "run", "--reporter=junit", f"--outputFile={report}", *arguments]


def _environment() -> dict[str, str | None]:
    return {
        **dict.fromkeys(_OUTSIDE),
        # The suites need no plugin, and those of the surrounding run would report to it.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "NO_COLOR": "1",
        "CI": "1",  # vitest never waits for a key
    }
