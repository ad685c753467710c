from __future__ import annotations

from acceptance.readiness.evidence import slug


def test_a_short_name_stays_readable() -> None:
    """Letters and digits remain, and everything else is a hyphen."""
    assert slug("TASK-001-AC-1: The page, for a visitor!") == "task-001-ac-1-the-page-for-a-visitor"
    assert slug("…") == "unnamed"


def test_long_names_that_begin_alike_stay_apart() -> None:
    """Two examples of one scenario, of which only the last words differ."""
    names = {slug("Somebody outside is told " * 3 + each) for each in ("a", "b", "a")}
    assert len(names) == 2
    assert {len(each) for each in names} == {60}
