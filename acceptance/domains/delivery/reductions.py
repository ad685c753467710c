"""Decides which tests are missing, skipped or expected to fail without a reviewed exception.

docs/adr/0038-fewer-tests.md gives the reasons.
"""

from __future__ import annotations

from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from acceptance.domains.delivery.drivers.suite_baseline import FILE
from acceptance.judgement import listed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from acceptance.domains.delivery.drivers.suite_baseline import (
        ReductionException,
        SuiteBaseline,
    )
    from acceptance.domains.delivery.drivers.suites import SuiteFacts

_LONGEST = timedelta(days=366)


def reductions(
    suites: Sequence[SuiteFacts], baseline: SuiteBaseline, today: date
) -> tuple[str, ...]:
    """Return a sentence for each suite that has fewer tests than declared, or skips some.

    A suite that did not run to its end is left out: it has another fault.
    """
    found = []
    for suite in suites:
        if suite.executed and not suite.errors and (suite.failed or not suite.exit_code):
            own = [each for each in baseline.exceptions if each.suite == suite.suite]
            valid = [each for each in own if not _why_not(each, today)]
            found += _skipped(suite, valid) + _missing(suite, baseline, valid)
    return tuple(found)


def remarks(baseline: SuiteBaseline, today: date) -> tuple[str, ...]:
    """Return a sentence for each exception that does not count, and why."""
    reasons = [(each, _why_not(each, today)) for each in baseline.exceptions]
    return tuple(f"The exception for {each} {why}." for each, why in reasons if why)


def undeclared(suites: Sequence[SuiteFacts], baseline: SuiteBaseline) -> tuple[str, ...]:
    """Return the suites of which nobody has ever declared how many tests they have."""
    return tuple(each.suite for each in suites if baseline.number(each.suite) is None)


def _skipped(suite: SuiteFacts, valid: Sequence[ReductionException]) -> list[str]:
    wrong = [test for test in suite.skipped if not any(_is_about(each, test) for each in valid)]
    if not wrong:
        return []
    count = f"{len(wrong)} of {_present(suite)} {suite.suite} tests"
    return [f"{count} are skipped or expected to fail without an exception: {listed(wrong)}"]


def _missing(
    suite: SuiteFacts, baseline: SuiteBaseline, valid: Sequence[ReductionException]
) -> list[str]:
    declared = baseline.number(suite.suite)
    if declared is None:
        return []
    missing, allowed = declared.tests - _present(suite), sum(each.fewer for each in valid)
    if missing <= allowed:
        return []
    where = f"{FILE} of {declared.commit[:12]}" if declared.commit else FILE
    accepted = f", of which {allowed} are accepted" if allowed else ""
    number = f"{_present(suite)} tests instead of {declared.tests} ({where})"
    sentence = f"{missing} are missing or deselected{accepted}"
    return [f"The {suite.suite} suite has {number}: {sentence}"]


def _present(suite: SuiteFacts) -> int:
    return suite.executed + len(suite.skipped) + len(suite.errors)


def _is_about(exception: ReductionException, test: str) -> bool:
    """Return whether an exception is for a skipped test, whose name the reason follows."""
    name = exception.tests
    return bool(name) and (test.startswith(f"{name} (") or fnmatchcase(test, f"{name} (*"))


def _why_not(exception: ReductionException, today: date) -> str:
    if exception.expires < today:
        return f"expired on {exception.expires}; {exception.approved_by} had approved it"
    if exception.expires > today + _LONGEST:
        return f"ends on {exception.expires}, in more than a year, which is no end"
    return ""
