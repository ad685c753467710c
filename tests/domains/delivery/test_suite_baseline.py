from __future__ import annotations

import subprocess
import sys

import pytest

from acceptance.domains.delivery.drivers.suite_baseline import FILE, SuiteBaseline, read_baseline
from acceptance.domains.delivery.drivers.suites import BACKEND_INTEGRATION, BACKEND_UNIT, Suite
from acceptance.drivers.git import Repository
from acceptance.errors import BrokenInput
from acceptance.project import ROOT
from tests.support.repositories import Workshop, workshop

__all__ = ["workshop"]

EXCEPTION = """
[[exception]]
suite = "unit"
fewer = 2
reason = "They test what was removed."
approved_by = "Jane Doe"
expires = 2027-01-31
"""


def declare(workshop: Workshop, tests: int, more: str = "") -> str:
    """Commit the number of tests."""
    workshop.write(FILE, f"[tests]\nunit = {tests}\n{more}")
    return workshop.commit("Tests")


def read(workshop: Workshop) -> SuiteBaseline:
    """The baseline of the workshop's repository."""
    return read_baseline(workshop.root, workshop.repository)


def number(workshop: Workshop) -> tuple[int, str]:
    """How many tests the suite has to have, and the commit that says so."""
    (found,) = read(workshop).numbers
    return found.tests, found.commit


def test_a_lower_number_is_seen(workshop: Workshop) -> None:
    """The highest counts, also if the file is deleted, or is not committed yet."""
    declare(workshop, 3)
    high = declare(workshop, 5)
    declare(workshop, 2)
    assert number(workshop) == (5, high)
    workshop.git("rm", "--quiet", FILE)
    workshop.commit("No numbers")
    assert number(workshop) == (5, high)
    workshop.write(FILE, "[tests]\nunit = 6\n")
    assert number(workshop) == (6, "")


def test_a_release_begins_anew(workshop: Workshop) -> None:
    """What was released with fewer tests was accepted then."""
    declare(workshop, 9)
    declare(workshop, 4)
    workshop.git("tag", "v1.0.0")
    assert number(workshop) == (4, "")
    declare(workshop, 3)
    assert number(workshop) == (4, "refs/tags/v1.0.0")


def test_exceptions_are_read_as_they_are_now(workshop: Workshop) -> None:
    """One that was removed counts no longer."""
    declare(workshop, 3, EXCEPTION)
    (found,) = read(workshop).exceptions
    assert (str(found), found.approved_by) == ("unit, 2 fewer", "Jane Doe")
    declare(workshop, 3)
    assert read(workshop).exceptions == ()


@pytest.mark.parametrize(
    "text", ["[tests", "[tests]\nunit = '3'", EXCEPTION.replace("approved_by", "by")]
)
def test_a_file_that_cannot_be_read_excuses_nothing(workshop: Workshop, text: str) -> None:
    """Neither as a whole nor in part; but an older version does no harm."""
    workshop.write(FILE, text)
    workshop.commit("Broken")
    with pytest.raises(BrokenInput, match=r"test-suites\.toml"):
        read(workshop)
    declare(workshop, 3)
    assert number(workshop) == (3, "")


def test_nothing_may_be_declared(workshop: Workshop) -> None:
    """Then nothing is known."""
    workshop.commit("Nothing")
    assert read(workshop).numbers == ()


@pytest.mark.parametrize("suite", [BACKEND_UNIT, BACKEND_INTEGRATION], ids=lambda each: each.name)
def test_the_numbers_of_this_project_are_those_of_today(suite: Suite) -> None:
    """A number that lags behind would let tests go unseen."""
    declared = read_baseline(ROOT, Repository(ROOT, timeout=30)).number(suite.name)
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *suite.program[1:]],
        cwd=ROOT / suite.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    collected = [line for line in done.stdout.splitlines() if "::" in line]
    assert declared is not None
    assert declared.tests == len(collected), f"Write {len(collected)} into {FILE}."
