"""Runs the system's own test suites from the sources under test."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from acceptance.actor import Actor, ActorContext
from acceptance.domains.delivery.drivers import suites
from acceptance.domains.delivery.drivers.suite_baseline import FILE, read_baseline
from acceptance.domains.delivery.drivers.suites import BACKEND_INTEGRATION, SUITES
from acceptance.domains.delivery.reductions import reductions, remarks, undeclared
from acceptance.drivers.git import Repository
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require, require_each

if TYPE_CHECKING:
    from acceptance.domains.delivery.drivers.suites import SuiteFacts

_NO_DATABASE = "there is no PostgreSQL and no Docker here"
"""Why the suite skips its integration tests, in its own words."""


class SuiteTester(Actor):
    """Runs the system's own tests, and checks that all of them ran and passed."""

    def __init__(self, context: ActorContext) -> None:
        """Use the sources that the system was deployed from."""
        super().__init__(context)
        self._root = self.system.sources

    def run_tests(self) -> tuple[SuiteFacts, ...]:
        """Run all suites in parallel, each to its end."""
        found = suites.run_suites(self._root, SUITES, timeout=self._timeouts.suite)
        facts = tuple(each for each, _ in found.values())
        self._keep("Result of each test suite", pretty([asdict(each) for each in facts]))
        for name, (_, report) in found.items():
            self._keep(f"JUnit report of the {name} tests", report, "text")
        return facts

    def assert_none_missing(self, facts: tuple[SuiteFacts, ...]) -> None:
        """No suite has fewer tests than since the last release, or skips one without an exception.

        Raises `Unverifiable` if nobody declared how many tests a suite has, or if the history in
        which it was declared is cut off.
        """
        repository = Repository(self._root, timeout=self._timeouts.command)
        baseline = read_baseline(self._root, repository)
        self._keep("How many tests each suite has to have", pretty(asdict(baseline)))
        today = datetime.now(UTC).date()
        faults = [*reductions(facts, baseline, today)]
        notes = "".join(f" {each}" for each in remarks(baseline, today))
        require(not faults, f"{listed(faults)}.{notes} Try: an exception in {FILE}.")
        unknown = undeclared(facts, baseline)
        if unknown:
            raise Unverifiable(
                f"Nobody knows how many {listed(unknown)} tests there were. "
                f"Try: declare it in {FILE}."
            )
        if baseline.shallow:
            raise Unverifiable(
                "The repository is a shallow clone, so nobody knows how many tests there were. "
                "Try: git fetch --unshallow --tags"
            )

    def assert_all_passed(self, facts: tuple[SuiteFacts, ...]) -> None:
        """Every suite ran tests, no test failed, and the suite itself ended with exit code 0.

        Raises `Unverifiable` if this machine has no database for the integration tests; any other
        fault is raised first.
        """
        without_database = [each for each in facts if _has_no_database(each)]
        others = [each for each in facts if each not in without_database]
        require_each(others, _fault, nothing="No suite was run.")
        for each in without_database:
            raise Unverifiable(
                f"All {len(each.skipped)} {each.suite} tests were skipped: {_NO_DATABASE}. "
                "Try, as root: apt-get install postgresql"
            )

    def assert_real_database(self, facts: tuple[SuiteFacts, ...]) -> None:
        """The integration tests ran against PostgreSQL: their report names its version."""
        found = [each for each in facts if each.suite == BACKEND_INTEGRATION.name]
        require_each(
            found,
            lambda each: (
                None
                if each.executed and each.database.startswith("PostgreSQL ")
                else "The integration tests report no PostgreSQL, but "
                f"{each.database or 'no database'}"
            ),
            nothing="No integration test was run.",
        )


def _fault(facts: SuiteFacts) -> str | None:
    wrong = [*facts.failed, *facts.errors]
    if wrong:
        count = f"{len(wrong)} of {facts.executed + len(facts.errors)}"
        return f"{count} {facts.suite} tests failed, first {wrong[0]}"
    if not facts.executed:
        why = f"all {len(facts.skipped)} were skipped" if facts.skipped else "there is none"
        return f"No {facts.suite} test was executed: {why}"
    if facts.exit_code:
        last = facts.last_lines.splitlines()[-1:] or ["it wrote nothing"]
        return f"The {facts.suite} suite ended with exit code {facts.exit_code}: {last[0]}"
    return None


def _has_no_database(facts: SuiteFacts) -> bool:
    """Return whether all tests were skipped for want of a database, and not to save time."""
    none_ran = not facts.executed and not facts.errors
    return none_ran and bool(facts.skipped) and all(_NO_DATABASE in each for each in facts.skipped)
