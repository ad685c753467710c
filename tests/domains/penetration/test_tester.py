"""Attacks: each one works on a vulnerable server, and what is judged of it on the system."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.contract import Contract, Routes
from acceptance.domains.penetration import attacks, tester
from acceptance.domains.penetration.attacks import FAMILIES, AttackFamily, require_known_routes
from acceptance.domains.penetration.drivers.payloads import HttpAttack
from acceptance.domains.penetration.drivers.raw_http import Exchange, request
from acceptance.domains.penetration.tester import PenetrationTester
from acceptance.drivers.http import Reply
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable
from tests.fakes.system import SYSTEM as KNOWN
from tests.support.actors import context_of

SYSTEM: Any = SimpleNamespace(
    contract=Contract(),
    host="checkout.local",
    address="127.0.0.1",
    port=9,
    http_port=9,
    secure=False,
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


@pytest.mark.parametrize("status", [None, 503])
def test_a_service_that_does_not_answer_is_a_failed_check(status: int | None) -> None:
    """Without its OpenAPI document it cannot be attacked, and that is its own failure."""
    actor: Any = penetration_tester()
    actor._api = SimpleNamespace(openapi_document=lambda: Reply(status, (), "", 0.1))
    with pytest.raises(AssertionError, match="does not answer to be attacked"):
        actor.fuzz()


@pytest.mark.parametrize(("after", "kind"), [(200, EnvironmentFailure), (None, AssertionError)])
def test_an_attack_that_does_not_end_is_blamed_on_a_service_that_is_gone(
    monkeypatch: pytest.MonkeyPatch, after: int | None, kind: type[Exception]
) -> None:
    """The vulnerable service was attacked to the end; a service that answers is not to blame."""
    answers = iter([200, after])
    found = SimpleNamespace(
        weaknesses=[SimpleNamespace(code=code) for code in tester._FOUND_FIRST], leaks=("a",)
    )

    def fuzz(*_: object, briefly: bool = False, **__: object) -> object:
        if briefly:
            return found
        raise EnvironmentFailure("schemathesis did not finish within 1 s and was stopped.")

    monkeypatch.setattr(tester, "fuzz", fuzz)
    actor: Any = PenetrationTester(context_of(replace(KNOWN, secure=False)))
    actor._api = SimpleNamespace(openapi_document=lambda: Reply(next(answers), (), "{}", 0.1))
    with pytest.raises(kind, match="did not finish"):
        actor.fuzz()


@pytest.mark.parametrize("route", ["/shop/orders", ""])
def test_attacks_on_a_route_that_is_not_there_prove_nothing(route: str) -> None:
    """They are written for one route, and with another they are never tried."""
    require_known_routes(Contract())
    other = Contract(Routes(checkouts=route))
    with pytest.raises(Unverifiable, match=f"written for the route .* {route or 'none'}"):
        require_known_routes(other)
