"""Steps of those who answer an incident with nothing but the written page."""

from __future__ import annotations

from pytest_bdd import given, then, when

from acceptance.domains.incident.response import IncidentResponder, Kept, Quarantine
from acceptance.drivers.kubernetes.facts import PodFacts
from acceptance.runbooks.reader import Procedure


@when("the responder reads what to do when somebody may have broken in", target_fixture="page")
def _(responder: IncidentResponder) -> Procedure:
    return responder.read_page()


@then("the page has everything that a responder needs")
def _(responder: IncidentResponder, page: Procedure) -> None:
    responder.judge_complete(page)


@then("every role is given to somebody and every severity has its time")
def _(responder: IncidentResponder, page: Procedure) -> None:
    responder.judge_roles(page)


@then("it was drilled as lately as it asks for")
def _(responder: IncidentResponder, page: Procedure) -> None:
    responder.judge_drilled(page)


@given("a backend pod behaves as if it was taken over", target_fixture="suspect")
def _(responder: IncidentResponder) -> PodFacts:
    return responder.suspect()


@when("the responder contains it as it is written", target_fixture="quarantine")
def _(responder: IncidentResponder, suspect: PodFacts) -> Quarantine:
    return responder.quarantine(suspect)


@then("it runs on apart from everything and another one does its work")
def _(responder: IncidentResponder, quarantine: Quarantine) -> None:
    responder.judge_contained(quarantine)


@then("its evidence can be preserved as it is written", target_fixture="preserved")
def _(responder: IncidentResponder, suspect: PodFacts) -> tuple[Kept, ...]:
    return responder.preserve(suspect)


@then("all of the evidence is there, sealed, and without any secret")
def _(responder: IncidentResponder, preserved: tuple[Kept, ...]) -> None:
    responder.judge_preserved(preserved)


@then("it can be removed and the system is whole as it is written")
def _(responder: IncidentResponder, suspect: PodFacts) -> None:
    responder.remove(suspect)
