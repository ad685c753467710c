from __future__ import annotations

import json
import math

from acceptance.domains.observability import LogEntry, NumberedLines

WRITTEN = 1000.0


def entry(number: int, **fields: object) -> LogEntry:
    """The entry of a numbered line."""
    line = {"written": WRITTEN, "level": "info", "sequence": number}
    return LogEntry({"sequence": number, "level": "info", "message": json.dumps(line), **fields})


def found(numbers: range | list[int], *, count: int = 100, seconds: float = 1.0) -> NumberedLines:
    """The lines of a pod of which these were found."""
    lines = NumberedLines("pod-1", count)
    lines.add(map(entry, numbers), WRITTEN + seconds)
    return lines


def test_lines_that_were_all_found_have_no_fault() -> None:
    """Each line once, with its text and level, is what a pod wrote."""
    lines = found(range(100))
    assert lines.faults == ()
    assert lines.p99 == 1.0
    assert lines.first_missing == 100


def test_lost_lines_are_named_by_their_numbers() -> None:
    """Whoever has to look for lost lines needs their numbers."""
    lines = found([n for n in range(100) if n % 10 != 9])
    assert lines.faults == ("10 of 100 lines were lost: 9, 19, 29, 39, 49, 59, 69, 79, 89, 99",)
    assert lines.first_missing == 9
    assert found([0, 99]).faults == ("98 of 100 lines were lost: 1-98",)
    assert found(list(range(0, 100, 3))).faults[0].endswith("25-26, 28-29 …")


def test_a_line_that_is_stored_twice_is_a_fault() -> None:
    """The number of entries alone would hide one lost line behind one doubled."""
    lines = found(range(100))
    lines.doubled = (7,)
    assert lines.faults == ("1 lines are stored twice: 7",)


def test_an_entry_that_says_something_else_is_a_fault() -> None:
    """A number in the right field does not make the text or the level right."""
    lines = NumberedLines("pod-1", 3)
    lines.add([entry(0, level="debug"), entry(1, message="no JSON"), entry(2)], WRITTEN)
    assert lines.faults == (
        "line 0 has another text or level",
        "line 1 has another text or level",
    )


def test_entries_with_other_numbers_do_not_count() -> None:
    """Numbers that the pod did not write are not its lines."""
    assert found([-1, 100, 5]).missing == tuple(n for n in range(100) if n != 5)


def test_the_percentile_counts_lines_that_were_never_found() -> None:
    """A line that was lost was not found soon either."""
    lines = found(range(98))
    assert lines.p99 == math.inf
    lines.add([entry(98)], WRITTEN + 9.0)
    assert lines.p99 == 9.0
    assert lines.summary()["seconds from written to found"]["longest"] == 9.0


def test_a_line_counts_as_found_when_it_was_first_found() -> None:
    """A later search does not make it late."""
    lines = found(range(100))
    lines.add([entry(0)], WRITTEN + 60.0)
    assert lines.seconds[0] == 1.0


def test_a_log_store_that_does_not_answer_is_not_a_store_without_lines() -> None:
    """What could not be looked at is not called lost."""
    lines = found([])
    lines.refused = "HTTP 503"
    assert lines.faults == ("the log store did not answer the search: HTTP 503",)
