"""Checks the documentation: its contents, links, commands and staleness, and the threat model."""

from acceptance.domains.documentation.review import (
    DocumentationCoverage,
    DocumentationReviewer,
    MentionReview,
    PageFinding,
)
from acceptance.domains.documentation.settings_review import SettingClaims, SettingsReviewer
from acceptance.domains.documentation.staleness import Staleness
from acceptance.domains.documentation.threat_model_review import (
    TableComparison,
    ThreatModelFacts,
    ThreatModelReviewer,
)

__all__ = [
    "DocumentationCoverage",
    "DocumentationReviewer",
    "MentionReview",
    "PageFinding",
    "SettingClaims",
    "SettingsReviewer",
    "Staleness",
    "TableComparison",
    "ThreatModelFacts",
    "ThreatModelReviewer",
]
