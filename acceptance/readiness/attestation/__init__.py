"""Verifies attestations and waivers: signed statements on what no machine can decide.

docs/attestations.md describes the format, and when a statement counts.
"""

from acceptance.readiness.attestation.claim import (
    Claim,
    ClaimedFile,
    ClaimedLink,
    MalformedStatement,
)
from acceptance.readiness.attestation.load import LoadedStatement, Statements, load_statements
from acceptance.readiness.attestation.trust import Trust, TrustedKey, load_trust

__all__ = [
    "Claim",
    "ClaimedFile",
    "ClaimedLink",
    "LoadedStatement",
    "MalformedStatement",
    "Statements",
    "Trust",
    "TrustedKey",
    "load_statements",
    "load_trust",
]
