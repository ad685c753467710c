"""Steps about responding to an incident by its runbook."""

from __future__ import annotations

from pytest_bdd import given, then, when

from acceptance.domains.incident import (
    EvidenceFile,
    IncidentResponder,
    PodFacts,
    QuarantineState,
    Runbook,
)
from acceptance.domains.secrets import RotationOperator, SecretSearcher


@when("the responder reads the incident response runbook", target_fixture="runbook")
def _(incident_responder: IncidentResponder) -> Runbook:
    return incident_responder.read_runbook()


@then("the runbook has every section and command that a responder needs")
def _(incident_responder: IncidentResponder, runbook: Runbook) -> None:
    incident_responder.assert_complete(runbook)


@then("every role is assigned and every severity has a response time")
def _(incident_responder: IncidentResponder, runbook: Runbook) -> None:
    incident_responder.assert_roles_and_response_times(runbook)


@then("its last drill is recent enough")
def _(incident_responder: IncidentResponder, runbook: Runbook) -> None:
    incident_responder.assert_drilled_recently(runbook)


@given("a backend pod is suspected of being compromised", target_fixture="suspect")
def _(incident_responder: IncidentResponder) -> PodFacts:
    return incident_responder.choose_suspect()


@when("the responder follows the runbook to contain it", target_fixture="quarantine")
def _(incident_responder: IncidentResponder, suspect: PodFacts) -> QuarantineState:
    return incident_responder.contain(suspect)


@then("the pod is still running, and another one has taken its place")
def _(incident_responder: IncidentResponder, quarantine: QuarantineState) -> None:
    incident_responder.assert_contained(quarantine)


@then("no packet reaches the pod or leaves it, and its sessions are ended")
def _(incident_responder: IncidentResponder, quarantine: QuarantineState) -> None:
    incident_responder.assert_isolated(quarantine)


@then("the responder can rotate the secrets that it knew by following the runbook")
def _(rotation_operator: RotationOperator) -> None:
    rotation_operator.rotate()


@then("the responder can preserve its evidence by following the runbook", target_fixture="evidence")
def _(incident_responder: IncidentResponder, suspect: PodFacts) -> tuple[EvidenceFile, ...]:
    return incident_responder.preserve_evidence(suspect)


@then("the evidence is complete and sealed")
def _(incident_responder: IncidentResponder, evidence: tuple[EvidenceFile, ...]) -> None:
    incident_responder.assert_evidence_complete(evidence)


@then("the evidence holds no secret in any form")
def _(secret_searcher: SecretSearcher, evidence: tuple[EvidenceFile, ...]) -> None:
    secret_searcher.assert_files_free_of_secrets({each.name: each.content for each in evidence})


@then("the responder can remove the pod and recover by following the runbook")
def _(incident_responder: IncidentResponder, suspect: PodFacts) -> None:
    incident_responder.remove_suspect(suspect)
