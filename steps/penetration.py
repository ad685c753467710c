"""Steps of a penetration tester, who sees each attack get through where nothing forbids it."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from acceptance.domains.penetration.id_enumeration import Guesses, IdEnumerationTester
from acceptance.domains.penetration.slow_connections import Siege, SlowConnectionTester
from acceptance.domains.penetration.stored_injection import Shown, StoredInjectionTester, Typed
from acceptance.domains.penetration.tester import Fuzzed, PenetrationTester, Rehearsal


@given(
    parsers.parse("the penetration tester has seen {way} get through where nothing is defended"),
    target_fixture="rehearsal",
)
def _(penetration_tester: PenetrationTester, way: str) -> Rehearsal:
    return penetration_tester.rehearse(way)


@when(
    parsers.parse("the penetration tester attacks the system by {way}"), target_fixture="attacked"
)
def _(penetration_tester: PenetrationTester, rehearsal: Rehearsal, way: str) -> Rehearsal:  # noqa: ARG001 (the words)
    return penetration_tester.attack(rehearsal)


@then("no attack got through")
def _(penetration_tester: PenetrationTester, attacked: Rehearsal) -> None:
    penetration_tester.judge_repelled(attacked)


@then("every visitor who came afterwards was given their own answer")
def _(penetration_tester: PenetrationTester, attacked: Rehearsal) -> None:
    penetration_tester.judge_unharmed(attacked)


@when("the penetration tester sends whatever the service does not expect", target_fixture="fuzzed")
def _(penetration_tester: PenetrationTester) -> Fuzzed:
    return penetration_tester.fuzz()


@then("the service refused what it has to refuse and never failed")
def _(penetration_tester: PenetrationTester, fuzzed: Fuzzed) -> None:
    penetration_tester.judge_sound(fuzzed)


@then("no answer showed the inside of a program")
def _(penetration_tester: PenetrationTester, fuzzed: Fuzzed) -> None:
    penetration_tester.judge_discreet(fuzzed)


@when(
    "the penetration tester holds many connections open and finishes none",
    target_fixture="sieges",
)
def _(slow_connection_tester: SlowConnectionTester) -> tuple[Siege, ...]:
    return slow_connection_tester.besiege()


@then("the system has cut all of them")
def _(slow_connection_tester: SlowConnectionTester, sieges: tuple[Siege, ...]) -> None:
    slow_connection_tester.judge_cut(sieges)


@given(
    "the penetration tester has seen harmful strings do harm where nothing is defended",
    target_fixture="typed",
)
def _(stored_injection_tester: StoredInjectionTester) -> Typed:
    return stored_injection_tester.rehearse()


@when("the penetration tester types them into every field", target_fixture="shown")
def _(stored_injection_tester: StoredInjectionTester, typed: Typed) -> Shown:
    return stored_injection_tester.type_all(typed)


@then("the service kept them as they are and nothing else was changed")
def _(stored_injection_tester: StoredInjectionTester, shown: Shown) -> None:
    stored_injection_tester.judge_kept(shown)


@then("nothing is found by them")
def _(stored_injection_tester: StoredInjectionTester, shown: Shown) -> None:
    stored_injection_tester.judge_found(shown)


@then("the pages show them and execute none")
def _(stored_injection_tester: StoredInjectionTester, shown: Shown) -> None:
    stored_injection_tester.judge_inert(shown)


@given("the penetration tester has seen guessing find what was counted")
def _(id_enumeration_tester: IdEnumerationTester) -> None:
    id_enumeration_tester.rehearse()


@when("the penetration tester guesses ids of checkouts", target_fixture="guesses")
def _(id_enumeration_tester: IdEnumerationTester) -> Guesses:
    return id_enumeration_tester.guess()


@then("no guess found a checkout")
def _(id_enumeration_tester: IdEnumerationTester, guesses: Guesses) -> None:
    id_enumeration_tester.judge_missed(guesses)


@then("every id is random")
def _(id_enumeration_tester: IdEnumerationTester, guesses: Guesses) -> None:
    id_enumeration_tester.judge_random(guesses)
