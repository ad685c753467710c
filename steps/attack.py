"""Steps of a penetration tester, who sees each attack get through where nothing forbids it."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from acceptance.domains.penetration.id_enumeration import Guesser, Guesses
from acceptance.domains.penetration.slow_connections import Siege, SlowIntruder
from acceptance.domains.penetration.stored_injection import Shown, Typed, Typist
from acceptance.domains.penetration.tester import Fuzzed, Intruder, Rehearsal


@given(
    parsers.parse("the penetration tester has seen {way} get through where nothing is defended"),
    target_fixture="rehearsal",
)
def _(intruder: Intruder, way: str) -> Rehearsal:
    return intruder.rehearse(way)


@when(
    parsers.parse("the penetration tester attacks the system by {way}"), target_fixture="attacked"
)
def _(intruder: Intruder, rehearsal: Rehearsal, way: str) -> Rehearsal:  # noqa: ARG001 (the words)
    return intruder.attack(rehearsal)


@then("no attack got through")
def _(intruder: Intruder, attacked: Rehearsal) -> None:
    intruder.judge_repelled(attacked)


@then("every visitor who came afterwards was given their own answer")
def _(intruder: Intruder, attacked: Rehearsal) -> None:
    intruder.judge_unharmed(attacked)


@when("the penetration tester sends whatever the service does not expect", target_fixture="fuzzed")
def _(intruder: Intruder) -> Fuzzed:
    return intruder.fuzz()


@then("the service refused what it has to refuse and never failed")
def _(intruder: Intruder, fuzzed: Fuzzed) -> None:
    intruder.judge_sound(fuzzed)


@then("no answer showed the inside of a program")
def _(intruder: Intruder, fuzzed: Fuzzed) -> None:
    intruder.judge_discreet(fuzzed)


@when(
    "the penetration tester holds many connections open and finishes none",
    target_fixture="sieges",
)
def _(slow_intruder: SlowIntruder) -> tuple[Siege, ...]:
    return slow_intruder.besiege()


@then("the system has cut all of them")
def _(slow_intruder: SlowIntruder, sieges: tuple[Siege, ...]) -> None:
    slow_intruder.judge_cut(sieges)


@given(
    "the penetration tester has seen harmful strings do harm where nothing is defended",
    target_fixture="typed",
)
def _(typist: Typist) -> Typed:
    return typist.rehearse()


@when("the penetration tester types them into every field", target_fixture="shown")
def _(typist: Typist, typed: Typed) -> Shown:
    return typist.type_all(typed)


@then("the service kept them as they are and nothing else was changed")
def _(typist: Typist, shown: Shown) -> None:
    typist.judge_kept(shown)


@then("nothing is found by them")
def _(typist: Typist, shown: Shown) -> None:
    typist.judge_found(shown)


@then("the pages show them and execute none")
def _(typist: Typist, shown: Shown) -> None:
    typist.judge_inert(shown)


@given("the penetration tester has seen guessing find what was counted")
def _(guesser: Guesser) -> None:
    guesser.rehearse()


@when("the penetration tester guesses ids of checkouts", target_fixture="guesses")
def _(guesser: Guesser) -> Guesses:
    return guesser.guess()


@then("no guess found a checkout")
def _(guesser: Guesser, guesses: Guesses) -> None:
    guesser.judge_missed(guesses)


@then("every id is random")
def _(guesser: Guesser, guesses: Guesses) -> None:
    guesser.judge_random(guesses)
