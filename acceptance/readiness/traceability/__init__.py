"""Whether the features prove what the tracker says: drift is found before anything runs."""

from acceptance.readiness.traceability.check import check, covered, drift, feature_files
from acceptance.readiness.traceability.features import Feature, Scenario, read_features
from acceptance.readiness.traceability.finding import Finding, FindingKind
from acceptance.readiness.traceability.matrix import Matrix, trace

__all__ = [
    "Feature",
    "Finding",
    "FindingKind",
    "Matrix",
    "Scenario",
    "check",
    "covered",
    "drift",
    "feature_files",
    "read_features",
    "trace",
]
