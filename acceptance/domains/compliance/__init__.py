"""The compliance officer, and the checks that security/compliance.toml names."""

from acceptance.actors.compliance.officer import ComplianceOfficer

__all__ = ["ComplianceOfficer"]
