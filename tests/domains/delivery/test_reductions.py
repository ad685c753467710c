from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from acceptance.domains.delivery.drivers.suite_baseline import (
    DeclaredNumber,
    ReductionException,
    SuiteBaseline,
)
from acceptance.domains.delivery.drivers.suites import SuiteFacts
from acceptance.domains.delivery.reductions import reductions, remarks, undeclared

TODAY = date(2026, 11, 30)
UNIT = SuiteFacts("unit", 0, 4, (), (), (), "", 1.0, "4 passed")
SKIPPED = ("tests.test_api: test_a[1] (flaky)", "tests.test_api: test_b (expected to fail: bug)")
ACCEPTED = ReductionException("unit", "waits", "Jane Doe", date(2026, 12, 31))


def baseline(*exceptions: ReductionException, tests: int = 4, commit: str = "") -> SuiteBaseline:
    """What the suite has to have."""
    numbers = (DeclaredNumber("unit", tests, commit),)
    return SuiteBaseline("", shallow=False, numbers=numbers, exceptions=exceptions)


@pytest.mark.parametrize(
    ("suite", "wanted"),
    [
        (UNIT, baseline()),
        (replace(UNIT, executed=9), baseline()),
        (replace(UNIT, executed=2, skipped=SKIPPED), baseline(replace(ACCEPTED, tests="*"))),
        (
            replace(UNIT, executed=3, skipped=SKIPPED[:1]),
            baseline(replace(ACCEPTED, tests="tests.test_api: test_a[1]")),
        ),
        (replace(UNIT, executed=2), baseline(replace(ACCEPTED, fewer=2))),
        (
            replace(UNIT, executed=2),
            baseline(replace(ACCEPTED, fewer=1), replace(ACCEPTED, fewer=1)),
        ),
    ],
    ids=["all", "more", "accepted", "named", "fewer", "together"],
)
def test_a_suite_with_all_its_tests_is_sound(suite: SuiteFacts, wanted: SuiteBaseline) -> None:
    """It may have more of them, or exceptions for those that it lacks."""
    assert reductions([suite], wanted, TODAY) == ()


@pytest.mark.parametrize(
    ("suite", "wanted", "reason"),
    [
        (
            replace(UNIT, executed=2, skipped=SKIPPED),
            baseline(),
            r"2 of 4 unit tests are skipped .*: tests\.test_api: test_a\[1\] \(flaky\); .*to fail",
        ),
        (
            replace(UNIT, executed=2, skipped=SKIPPED),
            baseline(replace(ACCEPTED, tests="tests.test_api: test_b")),
            r"1 of 4 .*test_a\[1\] \(flaky\)$",
        ),
        (
            replace(UNIT, executed=3, skipped=SKIPPED[:1]),
            baseline(replace(ACCEPTED, tests="tests.test_api: test_a")),
            "1 of 4",
        ),
        (
            replace(UNIT, executed=3, skipped=SKIPPED[:1]),
            baseline(replace(ACCEPTED, suite="frontend", tests="*")),
            "1 of 4",
        ),
        (
            replace(UNIT, executed=3, skipped=SKIPPED[:1]),
            baseline(replace(ACCEPTED, tests="*", expires=date(2026, 11, 29))),
            "1 of 4",
        ),
        (
            replace(UNIT, executed=3, skipped=SKIPPED[:1]),
            baseline(replace(ACCEPTED, tests="*", expires=date(9999, 1, 1))),
            "1 of 4",
        ),
        (
            replace(UNIT, executed=1),
            baseline(),
            r"has 1 tests instead of 4 \(checkout/test-suites\.toml\): 3 are missing or deselected",
        ),
        (replace(UNIT, executed=1), baseline(tests=5, commit="a" * 40), "5 .*toml of a{12}.*: 4"),
        (
            replace(UNIT, executed=1),
            baseline(replace(ACCEPTED, fewer=2)),
            "3 are missing or deselected, of which 2 are accepted",
        ),
        (
            replace(UNIT, executed=1, exit_code=1, failed=("a (b)",)),
            baseline(),
            "3 are missing",
        ),
    ],
)
def test_what_is_missing_is_named(suite: SuiteFacts, wanted: SuiteBaseline, reason: str) -> None:
    """An exception counts for its own suite, for what it names, and until its day."""
    (found,) = reductions([suite], wanted, TODAY)
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(found)


@pytest.mark.parametrize(
    "suite",
    [
        replace(UNIT, executed=0, skipped=SKIPPED),
        replace(UNIT, executed=1, errors=("tests.test_api (no disk)",)),
        replace(UNIT, executed=1, exit_code=3),
    ],
)
def test_a_suite_that_did_not_run_to_its_end_has_another_fault(suite: SuiteFacts) -> None:
    """It would be misleading to say that its tests are missing."""
    assert reductions([suite], baseline(), TODAY) == ()


def test_an_exception_that_does_not_count_is_told() -> None:
    """With the reason, and with who had approved it."""
    old = replace(ACCEPTED, fewer=2, expires=date(2026, 11, 29))
    endless = replace(ACCEPTED, tests="a", expires=date(9999, 1, 1))
    assert remarks(baseline(ACCEPTED, old, endless), TODAY) == (
        "The exception for unit, 2 fewer expired on 2026-11-29; Jane Doe had approved it.",
        "The exception for unit, a ends on 9999-01-01, in more than a year, which is no end.",
    )


def test_a_suite_that_nobody_declared_is_told() -> None:
    """Nothing is known about it."""
    assert undeclared([UNIT, replace(UNIT, suite="frontend")], baseline()) == ("frontend",)
