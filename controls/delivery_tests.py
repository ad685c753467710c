"""Sabotages for the domain delivery: tests that are skipped, deselected or gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.delivery.drivers.suite_baseline import FILE
from controls import edits
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_BACKEND = "checkout/backend"
_QUARANTINE = '''"""Quarantine of flaky tests."""

import pytest


def pytest_collection_modifyitems(items):
    """Run every 4th test only."""
    for number, item in enumerate(items):
        if number % 4:
            item.add_marker(pytest.mark.skip(reason="flaky, see CHECKOUT-112"))
'''
_EXPIRED = """
[[exception]]
suite = "frontend"
tests = "*parseMoney*"
reason = "The page gets another form of amounts."
approved_by = "Jane Doe"
expires = 2020-01-31
"""


@control(
    "TASK-001-DOD-2",
    "The system's own tests pass now",
    expects=r"\d+ of \d+ backend \w+ tests are skipped .* \(flaky, see CHECKOUT-112\)",
)
def flaky_tests_in_quarantine(saboteur: Saboteur) -> None:
    """Skip three of four tests of the backend, because some of them are flaky."""
    place = saboteur.repository() / _BACKEND / "conftest.py"
    place.write_text(_QUARANTINE, encoding="utf-8")


@control(
    "TASK-001-DOD-2",
    "The system's own tests pass now",
    expects=r"backend unit suite has \d+ tests instead of \d+ .*: \d+ are missing or deselected",
)
def tests_deselected(saboteur: Saboteur) -> None:
    """Leave the tests of the shutdown out, which no report shows."""
    saboteur.edit(
        f"{_BACKEND}/pyproject.toml",
        '"--strict-config", ',
        '"--strict-config", "--deselect=tests/test_shutdown.py", ',
    )


@control(
    "TASK-001-DOD-2",
    "The system's own tests pass now",
    expects=r"tests instead of \d+ \(checkout/test-suites\.toml of \w{12}\)",
)
def tests_deleted_and_number_lowered(saboteur: Saboteur) -> None:
    """Delete tests, and declare that there are fewer."""
    copy = saboteur.repository()
    (copy / _BACKEND / "tests/test_shutdown.py").unlink()
    edits.substitute(copy / FILE, (r'"backend unit" = \d+', '"backend unit" = 100'))
    edits.commit(copy, "Fewer tests")


@control(
    "TASK-001-DOD-2",
    "The system's own tests pass now",
    expects=r"1 of \d+ backend unit tests .* \(expected to fail: the rounding is wrong\)",
)
def bug_expected(saboteur: Saboteur) -> None:
    """Expect a test to fail instead of mending what it tests."""
    edits.append(
        saboteur.repository() / _BACKEND / "tests/test_domain.py",
        "\n\nimport pytest\n\n\n"
        '@pytest.mark.xfail(reason="the rounding is wrong")\n'
        'def test_of_the_rounding() -> None:\n    """Not yet."""\n    assert 1 + 1 == 3\n',
    )


@control(
    "TASK-001-DOD-2",
    "The system's own tests pass now",
    expects=r"\d+ of 115 frontend tests are skipped .* expired on 2020-01-31; Jane Doe",
)
def exception_for_skipped_tests_expired(saboteur: Saboteur) -> None:
    """Keep skipping tests of the page after the exception for them has ended."""
    copy = saboteur.repository()
    edits.replace(
        copy / "checkout/frontend/tests/money.test.ts",
        'describe("parseMoney"',
        'describe.skip("parseMoney"',
    )
    edits.append(copy / FILE, _EXPIRED)
