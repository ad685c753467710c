"""The penetration tester: what is sent, what shows harm, and what proves nothing."""

from __future__ import annotations

import json
import uuid
from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.domains.penetration import attacks, tester
from acceptance.domains.penetration.attacks import FAMILIES, Attack, Family
from acceptance.domains.penetration.drivers.fuzzing import read_reports
from acceptance.domains.penetration.drivers.raw_http import (
    Exchange,
    drip,
    exchange,
    read_answers,
    request,
)
from acceptance.domains.penetration.drivers.vulnerable_server import undefended
from acceptance.domains.penetration.drivers.vulnerable_store import NaiveStore, numbered
from acceptance.domains.penetration.id_enumeration import Guesses, IdEnumerationTester
from acceptance.domains.penetration.stored_injection import _CONDITIONS, _STATEMENTS
from acceptance.domains.penetration.tester import PenetrationTester
from acceptance.drivers.sockets import plainly
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable
from acceptance.settings import Timeouts

SYSTEM: Any = SimpleNamespace(host="checkout.local", address="127.0.0.1", http_port=9)


def an_intruder() -> PenetrationTester:
    """One who never comes to a system."""
    http: Any = SimpleNamespace()
    return PenetrationTester(SYSTEM, http, keep=lambda *_: None, timeouts=Timeouts())


@pytest.mark.parametrize("way", sorted(FAMILIES))
def test_each_attack_gets_through_where_nothing_is_defended(way: str) -> None:
    """What does nothing there would prove nothing about the system."""
    rehearsal = an_intruder().rehearse(way)
    assert len(rehearsal.trials) > 5
    assert all(trial.proof for trial in rehearsal.trials)


def test_an_attack_that_does_nothing_anywhere_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """A typing error in an attack makes the scenario unverified, not green."""
    blunt = Attack("blunt", request("GET", "/etc/pasword", host="a"))
    family = Family(lambda _: (blunt,), attacks._leaked)
    monkeypatch.setitem(FAMILIES, "blunt", family)
    with pytest.raises(Unverifiable, match=r"without any defence.*blunt"):
        an_intruder().rehearse("blunt")


def test_harm_is_judged_before_anything_else() -> None:
    """An attack that got through, one without an answer and one that was never sent all count."""
    actor = an_intruder()
    row = Attack("row", b"")
    held = Exchange(1, (), ended=False, seconds=10.0)
    refused = Exchange(0, (), ended=False, seconds=0.0, error="refused")
    cut = Exchange(1, (), ended=True, seconds=0.1)
    for seen, harm, reason in (
        (cut, "HTTP 200", "it got through, HTTP 200"),
        (held, "", "no answer after 10 s"),
        (refused, "", "could not be sent: refused"),
    ):
        trial = tester.Trial(row, cut, "proof", "door", seen, harm)
        with pytest.raises(AssertionError, match=reason):
            actor.judge_repelled(tester.Rehearsal("way", (trial,)))
    actor.judge_repelled(tester.Rehearsal("way", (tester.Trial(row, cut, "proof", "door", cut),)))
    with pytest.raises(AssertionError, match="Nothing was attacked"):
        actor.judge_repelled(tester.Rehearsal("way", ()))


def test_every_answer_of_a_connection_is_read() -> None:
    """Measured, chunked and cut answers are told apart; a broken rest is left."""
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    measured = b"HTTP/1.1 404 No\r\nContent-Length: 2\r\nX-A: b\r\n\r\nno"
    found = read_answers(chunked + measured + b"HTTP/1.1 20")
    assert [(each.status, each.body) for each in found] == [(200, b"abc"), (404, b"no")]
    assert found[1].header("x-a") == "b"
    assert read_answers(b"") == ()
    short = read_answers(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
    assert [each.body for each in short] == [b"half"]


def test_a_server_that_is_not_there_was_not_attacked() -> None:
    """No connection is an error of its own, not a defence."""
    assert exchange(plainly("127.0.0.1", 9), b"GET", timeout=1).error
    assert drip(plainly("127.0.0.1", 9), b"", b"a", seconds=0.1, pause=0.01).error


def test_slowness_is_not_cut_where_nothing_is_defended() -> None:
    """The undefended server waits as long as it takes."""
    with undefended() as connect:
        held = drip(connect, b"GET / HTTP/1.1\r\n", b"X: a\r\n", seconds=0.05, pause=0.01)
    assert not held.ended
    assert held.sent > 16


def test_every_statement_does_harm_to_a_naive_store() -> None:
    """And a harmless name does none."""
    store = NaiveStore()
    assert store.keep("Ada") == ("a bystander", "Ada")
    assert all(store.keep(each) != ("a bystander", each) for each in _STATEMENTS)
    assert store.find("a") == 1
    assert all(store.find(each) > 1 for each in _CONDITIONS)


def test_ids_that_are_counted_are_found_and_random_ones_are_not() -> None:
    """Neighbours, the same bits, another version and the same id twice are all seen."""
    guesser = IdEnumerationTester(SYSTEM, SYSTEM, keep=lambda *_: None)
    guesser.rehearse()
    own = tuple(str(uuid.uuid4()) for _ in range(40))
    guesser.judge_random(Guesses(own, 1, (), ()))
    guesser.judge_missed(Guesses(own, 1, (), ()))
    counted = tuple(map(str, numbered(40)))
    for ids, reason in (
        (counted, "random bits are the same"),
        ((*own, own[0]), "the same id"),
        ((*own, str(uuid.uuid1())), "no random UUID"),
        ((*own, "17"), "no UUID"),
    ):
        with pytest.raises(AssertionError, match=reason):
            guesser.judge_random(Guesses(ids, 1, (), ()))
    with pytest.raises(AssertionError, match="lead to checkouts"):
        guesser.judge_missed(Guesses(own, 1, counted[:1], ()))


def test_the_reports_of_schemathesis_are_read() -> None:
    """Complaints, statuses and traces; a report of another shape is an environment failure."""
    report = {
        "operations": {"selected": 2, "tested": 1},
        "test_cases": {"generated": 5},
        "failures": [{"code": "ST101", "title": "Server error", "operations": ["GET /a"]}],
        "errors": [{"title": "Network Error"}],
        "stop_reason": "completed",
    }
    trace = 'Traceback (most recent call last):\n  File "/a.py", line 3'
    entry = {
        "request": {"method": "GET", "url": "http://a/b"},
        "response": {"status": 500, "content": {"text": trace}},
    }
    archive = {"log": {"entries": [entry, entry]}}
    found = read_reports(json.dumps(report), json.dumps(archive), 1.0)
    assert [str(each) for each in found.weaknesses] == [
        "Server error (ST101): GET /a",
        "Network Error (error): ",
    ]
    assert found.statuses == ((500, 2),)
    assert found.untested == 1
    assert found.leaks[0] == "GET http://a/b: Traceback (most recent call last)"
    with pytest.raises(EnvironmentFailure, match="cannot be read"):
        read_reports("{}", "{}", 1.0)
