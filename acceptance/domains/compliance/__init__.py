"""Control catalogues and their checks, Secrets at rest, and the audit log."""

from acceptance.domains.compliance.assessment import Assessment
from acceptance.domains.compliance.assessor import ComplianceAssessor
from acceptance.domains.compliance.audit_log import AuditLogInspector, AuditRecord
from acceptance.domains.compliance.secrets_at_rest import SecretsAtRest, SecretStoreInspector

__all__ = [
    "Assessment",
    "AuditLogInspector",
    "AuditRecord",
    "ComplianceAssessor",
    "SecretStoreInspector",
    "SecretsAtRest",
]
