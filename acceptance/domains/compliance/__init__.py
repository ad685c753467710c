"""The compliance officer, and the checks that security/compliance.toml names."""

from acceptance.domains.compliance.officer import ComplianceOfficer

__all__ = ["ComplianceOfficer"]
