"""Checks before a run that the features fit the tracker and that all steps are defined."""

from acceptance.readiness.traceability.check import check, covered, drift, feature_files
from acceptance.readiness.traceability.features import Feature, Rule, Scenario, read_features
from acceptance.readiness.traceability.matrix import TraceabilityMatrix, trace
from acceptance.readiness.traceability.problem import ProblemKind, TraceabilityProblem

__all__ = [
    "Feature",
    "ProblemKind",
    "Rule",
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
