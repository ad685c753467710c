"""Steps about control catalogues, Secrets at rest and the audit log."""

from __future__ import annotations

from pytest_bdd import parsers, then, when

from acceptance.domains.compliance import (
    Assessment,
    AuditLogInspector,
    AuditRecord,
    ComplianceAssessor,
    SecretsAtRest,
    SecretStoreInspector,
)


@when(
    parsers.parse("the running cluster is assessed by the {framework}"),
    target_fixture="assessment",
)
def _(compliance_assessor: ComplianceAssessor, framework: str) -> Assessment:
    return compliance_assessor.assess(framework)


@then("every applicable control is met")
def _(compliance_assessor: ComplianceAssessor, assessment: Assessment) -> None:
    compliance_assessor.assert_controls_met(assessment)


@then("every applicable control was assessed")
def _(compliance_assessor: ComplianceAssessor, assessment: Assessment) -> None:
    compliance_assessor.assert_controls_assessed(assessment)


@when(
    "all Secrets are read directly from the cluster's data store",
    target_fixture="secrets_at_rest",
)
def _(secret_store_inspector: SecretStoreInspector) -> SecretsAtRest:
    return secret_store_inspector.read_store()


@then("every one of them is encrypted")
def _(secret_store_inspector: SecretStoreInspector, secrets_at_rest: SecretsAtRest) -> None:
    secret_store_inspector.assert_secrets_encrypted(secrets_at_rest)


@when("somebody reads a Secret", target_fixture="audit_record")
def _(audit_log_inspector: AuditLogInspector) -> AuditRecord:
    return audit_log_inspector.read_secret()


@then("the audit log records who read it and when")
def _(audit_log_inspector: AuditLogInspector, audit_record: AuditRecord) -> None:
    audit_log_inspector.assert_reading_recorded(audit_record)


@then("the audit log does not contain its value")
def _(audit_log_inspector: AuditLogInspector, audit_record: AuditRecord) -> None:
    audit_log_inspector.assert_no_value_in_log(audit_record)
