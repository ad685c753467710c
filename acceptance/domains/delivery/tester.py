"""The tester: runs the system's own tests, now, from the sources that are judged."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from acceptance.actor import Actor, ActorContext
from acceptance.domains.delivery.drivers import suites
from acceptance.domains.delivery.drivers.suites import BACKEND_INTEGRATION, SUITES
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, require_each

if TYPE_CHECKING:
    from acceptance.domains.delivery.drivers.suites import SuiteFacts

_NO_DATABASE = "there is no PostgreSQL and no Docker here"
"""The reason by which the suite itself skips its integration tests on a machine without one."""


class SuiteTester(Actor):
    """Somebody who believes a test only when it has just run."""

    def __init__(self, context: ActorContext) -> None:
        """Test the system's sources."""
        super().__init__(context)
        self._root = self.system.sources

    def run_tests(self) -> tuple[SuiteFacts, ...]:
        """Run every suite to its end, side by side."""
        found = suites.run_suites(self._root, SUITES, timeout=self._timeouts.suite)
        facts = tuple(each for each, _ in found.values())
        self._keep("What became of each test suite", pretty([asdict(each) for each in facts]))
        for name, (_, report) in found.items():
            self._keep(f"Report of the {name} tests", report, "text")
        return facts

    def judge_passed(self, facts: tuple[SuiteFacts, ...]) -> None:
        """Every suite ran tests, none failed, and the suite itself ended well.

        Integration tests that this machine has no database for are `Unverifiable`; whatever else
        is wrong counts first.
        """
        excused = [each for each in facts if _has_no_database(each)]
        require_each(
            [each for each in facts if each not in excused], _fault, nothing="No suite was run."
        )
        for each in excused:
            raise Unverifiable(
                f"All {len(each.skipped)} {each.suite} tests were skipped, for {_NO_DATABASE}. "
                "Try, as root: apt-get install postgresql"
            )

    def judge_integrated(self, facts: tuple[SuiteFacts, ...]) -> None:
        """The integration tests ran on a real database, which their report names."""
        found = [each for each in facts if each.suite == BACKEND_INTEGRATION.name]
        require_each(
            found,
            lambda each: (
                None
                if each.executed and each.database.startswith("PostgreSQL ")
                else "The integration tests name no PostgreSQL that they ran on: "
                f"{each.database or 'none'}"
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
    if facts.code:
        last = facts.said.splitlines()[-1:] or ["it said nothing"]
        return f"The {facts.suite} suite ended with exit code {facts.code}: {last[0]}"
    return None


def _has_no_database(facts: SuiteFacts) -> bool:
    """Tell a machine that has no database from a team that has switched its tests off."""
    none_ran = not facts.executed and not facts.errors
    return none_ran and bool(facts.skipped) and all(_NO_DATABASE in each for each in facts.skipped)
