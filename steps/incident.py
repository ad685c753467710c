"""Steps of those who answer an incident with nothing but the written page."""

from __future__ import annotations

from pytest_bdd import given, then, when

from acceptance.domains.incident.response import IncidentResponder, Kept, Quarantine
from acceptance.drivers.kubernetes.facts import PodFacts
from acceptance.runbooks.reader import Procedure


@when("the responder reads what to do when somebody may have broken in", target_fixture="page")
def _(incident_responder: IncidentResponder) -> Procedure:
    return incident_responder.read_page()


@then("the page has everything that a responder needs")
def _(incident_responder: IncidentResponder, page: Procedure) -> None:
    incident_responder.judge_complete(page)


@then("every role is given to somebody and every severity has its time")
def _(incident_responder: IncidentResponder, page: Procedure) -> None:
    incident_responder.judge_roles(page)


@then("it was drilled as lately as it asks for")
def _(incident_responder: IncidentResponder, page: Procedure) -> None:
    incident_responder.judge_drilled(page)


@given("a backend pod behaves as if it was taken over", target_fixture="suspect")
def _(incident_responder: IncidentResponder) -> PodFacts:
    return incident_responder.suspect()


@when("the responder contains it as it is written", target_fixture="quarantine")
def _(incident_responder: IncidentResponder, suspect: PodFacts) -> Quarantine:
    return incident_responder.quarantine(suspect)


@then("it runs on apart from everything and another one does its work")
def _(incident_responder: IncidentResponder, quarantine: Quarantine) -> None:
    incident_responder.judge_contained(quarantine)


@then("its evidence can be preserved as it is written", target_fixture="preserved")
def _(incident_responder: IncidentResponder, suspect: PodFacts) -> tuple[Kept, ...]:
    return incident_responder.preserve(suspect)


@then("all of the evidence is there, sealed, and without any secret")
def _(incident_responder: IncidentResponder, preserved: tuple[Kept, ...]) -> None:
    incident_responder.judge_preserved(preserved)


@then("it can be removed and the system is whole as it is written")
def _(incident_responder: IncidentResponder, suspect: PodFacts) -> None:
    incident_responder.remove(suspect)
