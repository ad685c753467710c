from __future__ import annotations

import pytest

from acceptance.errors import (
    AcceptanceError,
    BrokenInput,
    BuildFailure,
    EnvironmentFailure,
    Interrupted,
    SystemFailure,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BrokenInput, 65),
        (EnvironmentFailure, 69),
        (BuildFailure, 69),
        (SystemFailure, 1),
        (Interrupted, 130),
    ],
)
def test_each_error_ends_the_run_with_its_documented_code(
    error: type[AcceptanceError], code: int
) -> None:
    """The README promises these codes to scripts."""
    assert error("why").exit_code == code


def test_an_error_is_its_message() -> None:
    """What a person reads is the message alone, without the class or a traceback."""
    error = BrokenInput("tracker.md is empty. Try: git checkout tracker.md")
    assert str(error) == error.message == "tracker.md is empty. Try: git checkout tracker.md"


def test_a_failed_build_counts_as_the_environment() -> None:
    """A system that could not be built says nothing about the criteria."""
    assert issubclass(BuildFailure, EnvironmentFailure)


def test_no_error_is_mistaken_for_a_judgement() -> None:
    """An unmet criterion is an AssertionError; nothing else may become one."""
    assert not issubclass(AcceptanceError, AssertionError)
