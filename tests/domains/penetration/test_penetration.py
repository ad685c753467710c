"""Penetration tests: what is sent, what shows harm, and what proves nothing."""

from __future__ import annotations

import json
import uuid
from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.domains.penetration import attacks, tester
from acceptance.domains.penetration.attacks import FAMILIES, AttackFamily
from acceptance.domains.penetration.drivers.fuzzing import read_reports
from acceptance.domains.penetration.drivers.payloads import HttpAttack
from acceptance.domains.penetration.drivers.raw_http import (
    Exchange,
    drip,
    exchange,
    read_responses,
    request,
)
from acceptance.domains.penetration.drivers.vulnerable_server import vulnerable_server
from acceptance.domains.penetration.drivers.vulnerable_store import VulnerableStore, sequential_ids
from acceptance.domains.penetration.id_enumeration import GuessedIds, IdEnumerationTester
from acceptance.domains.penetration.stored_injection import _CONDITIONS, _STATEMENTS
from acceptance.domains.penetration.tester import PenetrationTester
from acceptance.drivers.sockets import plainly
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable
from tests.support.actors import context_of

SYSTEM: Any = SimpleNamespace(
    host="checkout.local", address="127.0.0.1", port=9, http_port=9, secure=False
)


def penetration_tester() -> PenetrationTester:
    """Return a tester who never reaches a system."""
    return PenetrationTester(context_of(SYSTEM))


@pytest.mark.parametrize("kind", sorted(FAMILIES))
def test_each_attack_succeeds_on_a_vulnerable_server(kind: str) -> None:
    """An attack that does nothing there would prove nothing about the system."""
    known = penetration_tester().try_on_vulnerable_server(kind)
    assert len(known.trials) > 5
    assert all(trial.proof for trial in known.trials)


def test_an_attack_that_does_nothing_anywhere_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """A typing error in an attack makes the scenario unverified, not green."""
    blunt = HttpAttack("blunt", request("GET", "/etc/pasword", host="a"))
    family = AttackFamily(lambda _: (blunt,), attacks._leaked)
    monkeypatch.setitem(FAMILIES, "blunt", family)
    with pytest.raises(Unverifiable, match=r"vulnerable server.*blunt"):
        penetration_tester().try_on_vulnerable_server("blunt")


def test_harm_is_judged_before_anything_else() -> None:
    """An attack that succeeded, one without a response and one that was never sent all count."""
    actor = penetration_tester()
    row = HttpAttack("row", b"")
    held = Exchange(1, (), ended=False, seconds=10.0)
    refused = Exchange(0, (), ended=False, seconds=0.0, error="refused")
    cut = Exchange(1, (), ended=True, seconds=0.1)
    for seen, harm, reason in (
        (cut, "HTTP 200", "attack succeeded, HTTP 200"),
        (held, "", "no response after 10 s"),
        (refused, "", "could not be sent: refused"),
    ):
        trial = tester.AttackTrial(row, cut, "proof", "port", seen, harm)
        with pytest.raises(AssertionError, match=reason):
            actor.assert_no_attack_succeeded(tester.AttackTrials("kind", (trial,)))
    actor.assert_no_attack_succeeded(
        tester.AttackTrials("kind", (tester.AttackTrial(row, cut, "proof", "port", cut),))
    )
    with pytest.raises(AssertionError, match="Nothing was attacked"):
        actor.assert_no_attack_succeeded(tester.AttackTrials("kind", ()))


def test_every_response_of_a_connection_is_read() -> None:
    """Responses with a length, in chunks and cut off are told apart; a broken rest is left."""
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    measured = b"HTTP/1.1 404 No\r\nContent-Length: 2\r\nX-A: b\r\n\r\nno"
    found = read_responses(chunked + measured + b"HTTP/1.1 20")
    assert [(each.status, each.body) for each in found] == [(200, b"abc"), (404, b"no")]
    assert found[1].header("x-a") == "b"
    assert read_responses(b"") == ()
    short = read_responses(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
    assert [each.body for each in short] == [b"half"]


def test_a_server_that_is_not_there_was_not_attacked() -> None:
    """No connection is an error of its own, not a defence."""
    assert exchange(plainly("127.0.0.1", 9), b"GET", timeout=1).error
    assert drip(plainly("127.0.0.1", 9), b"", b"a", seconds=0.1, pause=0.01).error


def test_a_vulnerable_server_closes_no_slow_connection() -> None:
    """It waits without a limit."""
    with vulnerable_server() as connect:
        held = drip(connect, b"GET / HTTP/1.1\r\n", b"X: a\r\n", seconds=0.05, pause=0.01)
    assert not held.ended
    assert held.sent > 16


def test_every_statement_does_harm_to_a_vulnerable_store() -> None:
    """And a harmless name does none."""
    store = VulnerableStore()
    assert store.keep("Ada") == ("a bystander", "Ada")
    assert all(store.keep(each) != ("a bystander", each) for each in _STATEMENTS)
    assert store.find("a") == 1
    assert all(store.find(each) > 1 for each in _CONDITIONS)


def test_sequential_ids_are_found_and_random_ones_are_not() -> None:
    """Neighbours, the same bits, another version and the same id twice are all seen."""
    guesser = IdEnumerationTester(context_of(SYSTEM))
    guesser.try_on_sequential_ids()
    own = tuple(str(uuid.uuid4()) for _ in range(40))
    guesser.assert_ids_random(GuessedIds(own, 1, (), ()))
    guesser.assert_no_guess_found(GuessedIds(own, 1, (), ()))
    counted = tuple(map(str, sequential_ids(40)))
    for ids, reason in (
        (counted, "random bits are the same"),
        ((*own, own[0]), "the same id"),
        ((*own, str(uuid.uuid1())), "no random UUID"),
        ((*own, "17"), "no UUID"),
    ):
        with pytest.raises(AssertionError, match=reason):
            guesser.assert_ids_random(GuessedIds(ids, 1, (), ()))
    with pytest.raises(AssertionError, match="found checkouts"):
        guesser.assert_no_guess_found(GuessedIds(own, 1, counted[:1], ()))


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
