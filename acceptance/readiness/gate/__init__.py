"""The gate: what a readiness report means for a release, in one exit code.

It reads the report as data (readiness.json), so that the report, pytest and the command line all
say the same, and it passes nothing that it could not look at.
"""

from acceptance.readiness.gate.doubts import evidence_doubts, expiry_doubts, revision_doubts
from acceptance.readiness.gate.judge import Judgement, judge_gate
from acceptance.readiness.gate.standing import (
    RELEASE,
    SPRINT,
    Obstacle,
    gating,
    known_gates,
    standing,
    stands,
)

__all__ = [
    "RELEASE",
    "SPRINT",
    "Judgement",
    "Obstacle",
    "evidence_doubts",
    "expiry_doubts",
    "gating",
    "judge_gate",
    "known_gates",
    "revision_doubts",
    "standing",
    "stands",
]
