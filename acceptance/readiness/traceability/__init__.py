"""Whether the features prove what the tracker says: drift is found before anything runs."""

from acceptance.readiness.traceability.check import check, covered, drift, feature_files
from acceptance.readiness.traceability.features import Feature, Scenario, read_features
from acceptance.readiness.traceability.matrix import TraceabilityMatrix, trace
from acceptance.readiness.traceability.problem import ProblemKind, TraceabilityProblem

__all__ = [
    "Feature",
    "ProblemKind",
    "Scenario",
    "TraceabilityMatrix",
    "TraceabilityProblem",
    "check",
    "covered",
    "drift",
    "feature_files",
    "read_features",
    "trace",
]
