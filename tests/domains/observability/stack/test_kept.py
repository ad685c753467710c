from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pytest

from acceptance.domains.observability import (
    AlertKeeper,
    AlertReception,
    CollectorAbsence,
    CountedVisitors,
    CountedVisits,
    CounterState,
    KeptAlerts,
    KilledPrograms,
    LineKeeper,
    MeasurementKeeper,
    Measurements,
    RefusalCounter,
    RefusedAccount,
    WritingPod,
)
from acceptance.domains.observability.drivers.prometheus import Sample, Samples
from acceptance.domains.observability.logs.numbered_lines import written_at
from acceptance.domains.observability.metrics.known_traffic import KnownTraffic
from acceptance.domains.observability.stack.collector_absence import VisitsWithoutCollector
from acceptance.domains.observability.stack.counted_refusals import CountedRefusals
from acceptance.domains.observability.stack.kept_alerts import AlertsAfterKill
from acceptance.domains.observability.stack.kept_measurements import faults_of_answers
from acceptance.domains.observability.stack.killed_programs import KilledProgram, KillRow
from acceptance.domains.observability.visitor_waits import Waits, waits_of
from acceptance.drivers.http import Reply, TrafficFacts
from acceptance.judgement import Unverifiable
from acceptance.settings import Timeouts
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

PATIENCE = Timeouts(observation=0.01, recovery=0.01, request=0.01)


def killed(keeps: str, at: float = 100.0) -> KilledPrograms:
    """A program that keeps this was killed at a time, and was away for visitors 30 to 59."""
    row = KillRow("it", "its pod", keeps)
    return KilledPrograms((KilledProgram(row, at, 1, (30, 59), 2.0, (), ()),), 5.0)


def samples(**values: float) -> Samples:
    """An answer with the value of each series, by its pod."""
    found = tuple(Sample((("pod", name),), value) for name, value in values.items())
    return Samples("up @ 1", found, "")


def test_the_same_answer_is_no_fault() -> None:
    """A series that has come besides is none either."""
    assert faults_of_answers(samples(a=1, b=2), samples(b=2, a=1, c=3)) == []


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (samples(a=1), "1 of 2 series of up @ 1 are lost"),
        (samples(), "2 of 2 series of up @ 1 are lost"),
        (samples(a=1, b=3), "up @ 1 was 2 and is 3"),
        (Samples("up @ 1", (), "HTTP 503"), "does not answer up @ 1: HTTP 503"),
    ],
)
def test_what_prometheus_has_forgotten_is_named(after: Samples, said: str) -> None:
    """A series that is lost, a value that is another, and no answer."""
    (fault,) = faults_of_answers(samples(a=1, b=2), after)
    assert said in fault


def test_measurements_of_after_the_kill_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """They have to be noted before it, and there have to be some."""
    keeper = MeasurementKeeper(context_of(SYSTEM, timeouts=PATIENCE))
    monkeypatch.setattr(keeper, "_ask", lambda _: (samples(a=1),))
    what = killed("what was measured and counted")
    keeper.assert_measurements_kept(Measurements((samples(a=1),), 99.0), what)
    with pytest.raises(Unverifiable, match="killed before it was asked"):
        keeper.assert_measurements_kept(Measurements((samples(a=1),), 101.0), what)
    with pytest.raises(AssertionError, match="was asked nothing"):
        keeper.assert_measurements_kept(Measurements((), 99.0), what)
    with pytest.raises(AssertionError, match="1 of 2 series of up @ 1 are lost"):
        keeper.assert_measurements_kept(Measurements((samples(a=1, b=1),), 99.0), what)


class Rounds:
    """Known traffic whose rounds take no time; the one with a number fails."""

    def __init__(self, failing: int = 0, made: list[int] | None = None) -> None:
        """Share the number of rounds with all that are made of it."""
        self._failing, self._made = failing, [] if made is None else made
        self.added = 0

    def anew(self) -> Rounds:
        """Another round."""
        return Rounds(self._failing, self._made)

    def add(self, other: Rounds) -> None:
        """Count a round."""
        assert other is not self
        self.added += 1

    def send_all(self) -> None:
        """Note a round."""
        self._made.append(1)
        if len(self._made) == self._failing:
            raise AssertionError("A visitor was not answered.")


def visits(failing: int = 0) -> CountedVisits:
    """Visits that have begun, of which the first round is over."""
    none = CounterState((), (), 0.0, ())
    found = CountedVisits(cast("KnownTraffic", Rounds(failing)), none)
    while not found.rounds and found._thread.is_alive():
        time.sleep(0.001)
    return found


def test_rounds_are_added_up_until_they_are_ended() -> None:
    """What the last round has sent counts too."""
    found = visits()
    assert cast("Any", found.end()).added == len(found.rounds) == 1


def test_a_visitor_without_an_answer_is_a_failed_check() -> None:
    """Whatever is counted afterwards, the system has not answered."""
    with pytest.raises(AssertionError, match="A visitor was not answered"):
        visits(failing=1).end()


def test_visitors_come_before_and_after_the_kill() -> None:
    """Else nothing could be lost, or nothing counted again."""
    visitors = CountedVisitors(context_of(SYSTEM, timeouts=PATIENCE))
    for at in (0.0, time.time() + 100):
        with pytest.raises(Unverifiable, match="Nobody came before and after"):
            visitors.count_visits(visits(), killed("what was measured and counted", at))


TOLD = AlertsAfterKill(arrived=1, silenced=0, later=1, unsilenced=1)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, ""),
        ({"arrived": 2}, "had arrived was told 2 times, and once before"),
        ({"silenced": 1}, "The silence was lost"),
        ({"later": 0}, "No alert arrives after Alertmanager was killed"),
        ({"unsilenced": 0}, "did not arrive after the end of its silence"),
    ],
)
def test_what_alertmanager_has_forgotten_is_named(changed: dict[str, int], said: str) -> None:
    """Told twice, no silence any more, or nothing told at all."""
    keeper = AlertKeeper(context_of(SYSTEM))
    if not said:
        keeper.assert_alerts_kept(TOLD)
        return
    with pytest.raises(AssertionError, match=said):
        keeper.assert_alerts_kept(replace(TOLD, **changed))


def test_an_alertmanager_that_was_killed_too_soon_proves_nothing() -> None:
    """It writes what it keeps every 5 s."""
    keeper = AlertKeeper(context_of(SYSTEM))
    with pytest.raises(Unverifiable, match="killed within 5 s of what it had to keep"):
        keeper.send_again(
            AlertReception("a"), KeptAlerts("m", "s", 96.0), killed("silences, and what was sent")
        )


class Writer:
    """A pod that has written its last line at 110 s."""

    name = "writer"

    def phase(self) -> str:
        """It has ended."""
        return "Succeeded"

    def last_of_log(self, lines: int) -> str:
        """Its last line."""
        assert lines
        return json.dumps({"written": 110.0})


@pytest.mark.parametrize("at", [80.0, 120.0])
def test_a_pod_has_to_write_before_and_after_the_kill(at: float) -> None:
    """Else no line could be lost."""
    keeper = LineKeeper(context_of(SYSTEM, timeouts=PATIENCE))
    with pytest.raises(Unverifiable, match="did not write before and after it was killed"):
        keeper.find_lines(WritingPod(cast("Any", Writer()), 90.0), killed("lines", at))


def test_a_line_says_when_it_was_written() -> None:
    """Any other line says nothing."""
    assert written_at('{"written": 1.5}') == 1.5
    assert [written_at(each) for each in ("", "no JSON", "[]", "{}")] == [0.0] * 4


class Client:
    """An API server that refuses, and at the end answers."""

    def __init__(self, statuses: Iterator[int]) -> None:
        """Answer with these statuses, one after the other."""
        self._statuses = statuses
        self.closed = False

    def ask(self, path: str) -> Reply:
        """The next answer."""
        return Reply(next(self._statuses), (), "", 0.0, request=f"GET {path}")

    def close(self) -> None:
        """Note the end."""
        self.closed = True


def test_only_refusals_count() -> None:
    """Any other answer leaves it unknown what has to count."""
    client = Client(iter((403, 403, 200)))
    account = RefusedAccount("somebody", cast("Any", client), "/pods")
    account._thread.join(5)
    assert len(account.times) == 2
    with pytest.raises(Unverifiable, match="should have been refused: GET /pods → HTTP 200"):
        account.end()
    account.close()
    assert client.closed


@pytest.mark.parametrize("at", [0.0, 4e9])
def test_an_account_is_refused_before_and_after_the_kill(at: float) -> None:
    """Else the exporter was not killed in the middle."""
    account = RefusedAccount("somebody", cast("Any", Client(iter((403, 200)))), "/pods")
    account._thread.join(5)
    with pytest.raises(Unverifiable, match="not refused before and after it was killed"):
        RefusalCounter(context_of(SYSTEM)).count_refusals(account, killed("refused requests", at))


@pytest.mark.parametrize("counted", [0.0, 9.0, 11.0, 20.0])
def test_every_other_number_of_refusals_is_a_fault(counted: float) -> None:
    """None, one too few, one too many, twice as many; and nothing refused proves nothing."""
    counter = RefusalCounter(context_of(SYSTEM))
    counter.assert_each_counted_once(CountedRefusals("somebody", 10, 10.0))
    with pytest.raises(AssertionError, match=f"10 requests of somebody .* and {counted:g} are"):
        counter.assert_each_counted_once(CountedRefusals("somebody", 10, counted))
    with pytest.raises(AssertionError, match="No request was refused"):
        counter.assert_each_counted_once(CountedRefusals("somebody", 0, counted))


class Traffic:
    """Visitors who have been answered: 30 before, 30 meanwhile, and one much later."""

    def stop(self) -> TrafficFacts:
        """How long each waited."""
        seconds = [0.01] * 30 + [0.9] * 30 + [9.0]
        return TrafficFacts(tuple(Reply(200, (), "", each) for each in seconds), 1.0)


def waits(visitors: int, median: float, most: float) -> Waits:
    """What half of the visitors waited, and 95 %."""
    return Waits(visitors, ((0.5, median), (0.95, most)))


def test_visitors_who_wait_for_a_collector_are_seen() -> None:
    """Only those count who came while it was away, and those before."""
    absence = CollectorAbsence(context_of(SYSTEM))
    found = absence.compare_waits(cast("Any", Traffic()), killed("visitors' time, later traces"))
    assert found == VisitsWithoutCollector(waits(30, 0.01, 0.01), waits(30, 0.9, 0.9), 2.0)
    with pytest.raises(AssertionError, match=r"50% of .* up to 0\.90 s, and 0\.01 s before"):
        absence.assert_nobody_waited(found)
    with pytest.raises(AssertionError, match=r"95% of the visitors waited up to 2\.00 s"):
        absence.assert_nobody_waited(replace(found, meanwhile=waits(30, 0.01, 2.0)))
    absence.assert_nobody_waited(replace(found, meanwhile=waits(30, 0.5, 1.0)))
    with pytest.raises(AssertionError, match=r"50% of the visitors waited up to 3\.00 s"):
        absence.assert_nobody_waited(replace(found, meanwhile=waits(1, 3.0, 3.0)))
    with pytest.raises(Unverifiable, match="Hardly a visitor came before"):
        absence.assert_nobody_waited(replace(found, before=waits(3, 0.01, 0.01)))
    with pytest.raises(Unverifiable, match=r"Jaeger was away for 0\.4 s only"):
        absence.assert_nobody_waited(replace(found, away=0.4))


def test_one_of_twenty_may_wait() -> None:
    """A single visitor says nothing about the others."""
    replies = [Reply(200, (), "", each) for each in (*[0.01] * 19, 5.0)]
    assert waits_of(replies) == waits(20, 0.01, 0.01)
    assert waits_of([]) == waits(0, 0.0, 0.0)
