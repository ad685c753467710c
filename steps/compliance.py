"""Steps about published lists of controls, and about Secrets below the cluster's API."""

from __future__ import annotations

from pytest_bdd import parsers, then, when

from acceptance.domains.compliance import ComplianceOfficer
from acceptance.domains.compliance.assessment import Assessment
from acceptance.domains.compliance.officer import Planted, Recorded


@when(
    parsers.re(r"the compliance officer holds the running cluster against the (?P<name>.+)"),
    target_fixture="assessment",
)
def _(compliance_officer: ComplianceOfficer, name: str) -> Assessment:
    return compliance_officer.hold(name)


@then("every control that applies is met")
def _(compliance_officer: ComplianceOfficer, assessment: Assessment) -> None:
    compliance_officer.judge_met(assessment)


@then("there is none that nobody could look at")
def _(compliance_officer: ComplianceOfficer, assessment: Assessment) -> None:
    compliance_officer.judge_seen(assessment)


@when(
    "the compliance officer reads all Secrets where the cluster keeps them",
    target_fixture="planted",
)
def _(compliance_officer: ComplianceOfficer) -> Planted:
    return compliance_officer.read_store()


@then("not one of them can be read there")
def _(compliance_officer: ComplianceOfficer, planted: Planted) -> None:
    compliance_officer.judge_unreadable(planted)


@when("the compliance officer reads a Secret", target_fixture="record")
def _(compliance_officer: ComplianceOfficer) -> Recorded:
    return compliance_officer.read_secret()


@then("it is recorded who read it, and when")
def _(compliance_officer: ComplianceOfficer, record: Recorded) -> None:
    compliance_officer.judge_recorded(record)


@then("the record does not say what was in it")
def _(compliance_officer: ComplianceOfficer, record: Recorded) -> None:
    compliance_officer.judge_discreet(record)
