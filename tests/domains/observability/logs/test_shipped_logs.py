from datetime import UTC, datetime, timedelta

import pytest

from acceptance.domains.observability.logs.shipped_logs import (
    ContainerLog,
    ShippedLogInspector,
    closest,
    settled_times,
    time_of,
)
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

NOW = datetime(2026, 11, 30, 12, 0, 30, tzinfo=UTC)


def log(apart: float | None, refused: str = "", pod: str = "backend-1") -> ContainerLog:
    """Return a container whose closest line is so many seconds away from an entry."""
    return ContainerLog("checkout", pod, "migrate", (NOW,), refused, 1, apart)


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2026-11-30T12:00:30.123456789Z", 123456),
        ("2026-11-30T12:00:30.5Z", 500000),
        ("2026-11-30T12:00:30Z", 0),
        ("2026-11-30T12:00:30.000123Z", 123),
    ],
)
def test_times_are_read_to_the_microsecond(text: str, microsecond: int) -> None:
    """The runtime writes nanoseconds, a log store what it was sent."""
    assert time_of(text) == NOW.replace(microsecond=microsecond)


def test_what_is_no_time_is_none() -> None:
    """A line without a time, or with the words of an error, has none."""
    assert time_of("Error") is None and time_of("") is None


def test_only_lines_that_had_time_to_arrive_are_looked_for() -> None:
    """A line of a moment ago may be under way."""
    text = "2026-11-30T12:00:10.5Z old\n2026-11-30T12:00:29Z new\nno time\n"
    assert settled_times(text, NOW) == (NOW - timedelta(seconds=19.5),)


def test_the_closest_line_and_entry_decide() -> None:
    """One of the last lines is enough: those of a stack trace are one entry."""
    entries = [NOW + timedelta(seconds=4), NOW + timedelta(seconds=1.25)]
    assert closest([NOW, NOW + timedelta(seconds=1)], entries) == 0.25
    assert closest([NOW], []) is None


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ((), "No container has written anything"),
        ((log(0.0), log(None)), "no line of checkout/backend-1/migrate"),
        ((log(0.5),), r"are 0\.500 s or more away from its lines"),
        ((log(0.0, refused="HTTP 401"),), "does not answer: HTTP 401"),
    ],
)
def test_each_container_counts(found: tuple[ContainerLog, ...], reason: str) -> None:
    """One container of many, its time, an error and no container at all are seen."""
    inspector = ShippedLogInspector(context_of(SYSTEM))
    with pytest.raises(AssertionError, match=reason):
        inspector.assert_every_container_shipped(found)
    inspector.assert_every_container_shipped((log(0.0), log(0.0009)))
