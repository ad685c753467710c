"""Decides what is wrong with the runs of test suites, test by test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from operations.pipeline.suites import names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from operations.pipeline.declared import Declared
    from operations.pipeline.suites import KnownTest, SuiteRun


def problems_of_run(done: SuiteRun, declared: Declared) -> list[str]:
    """Return what is wrong with the tests that the suite's report names, and with their number."""
    suite, report = done.suite.name, done.report
    found = [f"test failed: {suite}: {name} ({why})" for name, why in report.failed.items()]
    if not found and (done.code or not report.number):
        # Such as a wrong option, an error outside of any test, or no test at all.
        found.append(f"test failed: {suite}: it ended with exit code {done.code}: {done.said}")
    if done.ended and not done.known:
        found.append(f"test failed: {suite}: its configuration keeps the list of its tests away")
    if done.suite.needs_database and report.number and not report.database:
        why = next(iter(report.skipped.values()), "the report names no database")
        found.append(f"test failed: {suite}: it had no database: {why}")
    else:
        found += [
            f"test skipped: {suite}: {name} ({why})"
            for name, why in report.skipped.items()
            if not declared.excuses(name)
        ]
    found += [
        f"test expected to fail: {suite}: {each.name}"
        for each in done.known
        if {"xfail", "fails"} & set(each.marks)
        and each.name in report.executed
        and not declared.excuses(each.name)
    ]
    fewer = declared.tests - report.number
    if done.ended and fewer > declared.fewer:
        found.append(
            f"tests missing: {suite}: {report.number} instead of {declared.tests}, as declared"
        )
    return found


def problems_of_tests(
    runs: Sequence[SuiteRun], declared: Mapping[str, Declared], before: Sequence[KnownTest]
) -> list[str]:
    """Return what no suite ran, of the tests there are and of those there were `before`.

    A suite that did not run to its end has another fault.
    """
    if not all(each.ended for each in runs):
        return []
    present = frozenset[str]().union(*(each.report.present for each in runs))
    known = [test for each in runs for test in each.known]
    missing = _unexcused(runs, declared, before, present)
    deselected = _unexcused(runs, declared, known, present | set(names(before)))
    return [
        *(f"test missing: {suite}: {name}" for suite, name in missing),
        *(f"test deselected: {suite}: {name}" for suite, name in deselected),
    ]


def _unexcused(
    runs: Sequence[SuiteRun],
    declared: Mapping[str, Declared],
    tests: Sequence[KnownTest],
    present: frozenset[str] | set[str],
) -> list[tuple[str, str]]:
    """Return suite and name of the tests that are not `present`, without those that are excused."""
    absent = {each.name: each for each in tests if each.name not in present}
    of_suites = [(_suite_of(each, runs), each.name) for each in absent.values()]
    by_suite: dict[str, list[str]] = {}
    for suite, name in of_suites:
        if not declared[suite].excuses(name):
            by_suite.setdefault(suite, []).append(name)
    # An exception for a number of tests does not say which.
    return [
        (suite, name)
        for suite, found in by_suite.items()
        if len(found) > declared[suite].fewer
        for name in found
    ]


def _suite_of(test: KnownTest, runs: Sequence[SuiteRun]) -> str:
    marked = [each.suite for each in runs if each.suite.mark and each.suite.mark in test.marks]
    unmarked = [each.suite for each in runs if not each.suite.mark]
    return (marked or unmarked)[0].name
