from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from acceptance.errors import EnvironmentFailure
from acceptance.waiting import (
    PAUSE_SECONDS,
    RESYNC_SECONDS,
    DeadlineExceeded,
    Unrecoverable,
    eventually,
    last_seen,
    lasting,
)

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class FakeClock:
    """Time that passes only when somebody waits."""

    time: float = 100.0
    pauses: list[float] = field(default_factory=list)

    def now(self) -> float:
        """Return the time."""
        return self.time

    def pause(self, seconds: float) -> None:
        """Let time pass at once."""
        assert seconds >= 0
        self.pauses.append(seconds)
        self.time += max(seconds, 0.001)


@dataclass
class FakeWatch:
    """Events at known times of a fake clock."""

    clock: FakeClock
    events: list[float]
    waits: int = 0

    def wait(self, timeout: float) -> bool:
        """Go to the next event, or to the end of the timeout."""
        self.waits += 1
        until = self.clock.time + timeout
        if self.events and self.events[0] <= until:
            self.clock.time = max(self.clock.time, self.events.pop(0))
            return True
        self.clock.time = until + 0.001
        return False


@dataclass
class Replicas:
    """Counts up as time passes: one ready replica for each of `since`."""

    clock: FakeClock
    since: list[float]
    looks: int = 0

    def look(self) -> int:
        """Return how many are ready."""
        self.looks += 1
        return sum(moment <= self.clock.time for moment in self.since)


def both_ready(count: int) -> bool:
    """Judge the fact of `Replicas`."""
    return count >= 2


def in_words(count: int) -> str:
    """Say the fact of `Replicas` as a message does."""
    return f"{count} of 2 replicas"


def test_what_is_already_so_is_not_waited_for() -> None:
    """A fact that is ready at the first look costs no time."""
    clock = FakeClock()
    assert eventually(lambda: 7, lambda fact: fact == 7, timeout=10, clock=clock) == 7
    assert clock.time == 100.0


def test_each_event_is_looked_at_once() -> None:
    """A watch-driven wait looks when something happened, and not in between."""
    clock = FakeClock()
    replicas = Replicas(clock, [101.0, 102.5])
    watch = FakeWatch(clock, [101.0, 102.5])
    fact = eventually(replicas.look, both_ready, timeout=60, wake=watch, clock=clock)
    assert (fact, clock.time, replicas.looks) == (2, 102.5, 3)
    assert clock.pauses == []


def test_a_watch_that_lost_an_event_costs_seconds_not_the_deadline() -> None:
    """The state is looked at again after a while, whatever the watch says."""
    clock = FakeClock()
    replicas = Replicas(clock, [101.0, 101.0])
    eventually(replicas.look, both_ready, timeout=60, wake=FakeWatch(clock, []), clock=clock)
    assert clock.time == pytest.approx(100 + RESYNC_SECONDS, abs=0.1)


def test_who_expects_no_event_may_look_more_often() -> None:
    """A fact that becomes true by the passing of time has no event of its own."""
    clock = FakeClock()
    replicas = Replicas(clock, [101.0, 101.0])
    watch = FakeWatch(clock, [])
    eventually(replicas.look, both_ready, timeout=60, wake=watch, resync=0.5, clock=clock)
    assert clock.time == pytest.approx(101.0, abs=0.1)


def test_without_events_it_looks_at_short_intervals() -> None:
    """Files and HTTP answers have no watch."""
    clock = FakeClock()
    replicas = Replicas(clock, [100.12, 100.12])
    eventually(replicas.look, both_ready, timeout=60, clock=clock)
    assert set(clock.pauses) == {PAUSE_SECONDS}
    assert clock.time == pytest.approx(100.15)


def test_the_message_of_a_missed_deadline_has_the_last_fact_and_the_remedy() -> None:
    """Whoever reads it knows what was wanted, what was there, and what to try."""
    clock = FakeClock()
    replicas = Replicas(clock, [101.0])
    with pytest.raises(DeadlineExceeded) as caught:
        eventually(
            replicas.look,
            both_ready,
            timeout=60,
            clock=clock,
            describe=in_words,
            remedy="make images",
        )
    assert str(caught.value) == (
        "both ready: not reached after 60 s: 1 of 2 replicas. Try: make images"
    )


@pytest.mark.parametrize("with_watch", [False, True])
def test_the_last_look_is_at_the_deadline(*, with_watch: bool) -> None:
    """What became ready in the last moment counts, and nothing is waited for beyond it."""
    clock = FakeClock()
    replicas = Replicas(clock, [101.0, 109.999])
    watch = FakeWatch(clock, []) if with_watch else None
    eventually(replicas.look, both_ready, timeout=10, wake=watch, clock=clock)
    assert clock.time == pytest.approx(110, abs=0.1)


def test_many_events_do_not_move_the_deadline() -> None:
    """A pod that is restarted again and again causes events without end."""
    clock = FakeClock()
    replicas = Replicas(clock, [])
    watch = FakeWatch(clock, [100 + n / 10 for n in range(1000)])
    with pytest.raises(DeadlineExceeded):
        eventually(replicas.look, both_ready, timeout=5, wake=watch, clock=clock)
    assert clock.time == pytest.approx(105, abs=0.2)


def test_what_cannot_recover_fails_at_once() -> None:
    """An image that is missing will not appear: its sentence comes without the wait."""
    clock = FakeClock()
    facts = iter(["Pending", "ImagePullBackOff", "Running"])

    def broken(fact: str) -> str | None:
        return "backend-7c: image is missing" if fact == "ImagePullBackOff" else None

    with pytest.raises(Unrecoverable) as caught:
        eventually(
            lambda: next(facts),
            lambda fact: fact == "Running",
            timeout=60,
            wake=FakeWatch(clock, [102.0]),
            unrecoverable=broken,
            clock=clock,
            what="the backend is running",
            remedy="make images",
        )
    assert str(caught.value) == (
        "the backend is running: no longer possible after 2.0 s: backend-7c: image is missing. "
        "Try: make images"
    )
    assert clock.time == 102.0


def test_a_ready_fact_is_never_unrecoverable() -> None:
    """Ready is asked first: what is there need not be possible any more."""
    assert (
        eventually(lambda: 1, bool, timeout=1, unrecoverable=lambda _: "no", clock=FakeClock()) == 1
    )


@pytest.mark.parametrize("unrecoverable", [None, lambda _: "it crashed"])
def test_where_waiting_is_not_judging_the_caller_names_the_error(
    unrecoverable: Callable[[bool], str | None] | None,
) -> None:
    """A cluster that does not start is a failure of the environment, not of a criterion."""
    with pytest.raises(EnvironmentFailure):
        eventually(
            lambda: False,
            bool,
            timeout=1,
            unrecoverable=unrecoverable,
            clock=FakeClock(),
            error=EnvironmentFailure,
        )


def test_by_default_a_missed_deadline_is_a_judgement() -> None:
    """Actors wait for what a criterion promises, so the scenario fails."""
    assert issubclass(DeadlineExceeded, AssertionError)


def test_only_changes_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A wait of a minute is a few lines of log, not a thousand."""
    caplog.set_level(logging.DEBUG, "acceptance.waiting")
    clock = FakeClock()
    replicas = Replicas(clock, [101.0, 103.0])
    eventually(replicas.look, both_ready, timeout=60, clock=clock, describe=in_words)
    assert caplog.messages == [
        "waiting for both ready: 0 of 2 replicas",
        "waiting for both ready: 1 of 2 replicas",
    ]


def test_a_reason_counts_only_when_it_lasts() -> None:
    """A state that looks final is given up after its time, and a break in it begins anew."""
    clock = FakeClock()
    said = lasting(lambda fact: fact, seconds=15.0, clock=clock)
    assert said("missing") is None
    clock.pause(14.0)
    assert said("missing") is None
    assert said(None) is None
    clock.pause(2.0)
    assert said("missing") is None
    clock.pause(15.0)
    assert said("missing") == "missing"


def test_the_last_fact_is_returned_when_the_time_is_over() -> None:
    """What was seen last is judged afterwards; a fact that is ready ends the wait."""
    facts = iter(range(100))
    assert last_seen(lambda: next(facts), lambda fact: fact == 2, timeout=9, clock=FakeClock()) == 2
    assert last_seen(lambda: "never", lambda _: False, timeout=0.1, clock=FakeClock()) == "never"
