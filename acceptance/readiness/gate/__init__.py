"""Decides by a readiness report whether a release may go out, and gives one exit code.

It reads readiness.json, so that the report, pytest and the command line agree. Anything that it
cannot check blocks the gate.
"""

from acceptance.readiness.gate.decision import GateDecision, decide_gate
from acceptance.readiness.gate.obstacles import (
    RELEASE,
    SPRINT,
    Obstacle,
    blocks,
    find_obstacles,
    gating_items,
    known_gates,
)
from acceptance.readiness.gate.problems import evidence_problems, expiry_problems, revision_problems

__all__ = [
    "RELEASE",
    "SPRINT",
    "GateDecision",
    "Obstacle",
    "blocks",
    "decide_gate",
    "evidence_problems",
    "expiry_problems",
    "find_obstacles",
    "gating_items",
    "known_gates",
    "revision_problems",
]
