import pytest

from controls.test_scenarios import result_of


@pytest.mark.parametrize(
    ("before", "after", "result"),
    [
        ("passed", "passed", "survived"),
        ("passed", "failed", "wrong reason"),
        ("passed", "skipped", "wrong reason"),
        ("skipped", "failed", "wrong reason"),
        ("skipped", "skipped", "not tried"),
    ],
)
def test_a_scenario_that_says_nothing_was_not_tried(before: str, after: str, result: str) -> None:
    """Who is unverified before and after has seen nothing, and missed nothing."""
    assert result_of(before, after) == result
