"""What no machine can decide: signed statements of people, and decisions to ship without an item.

docs/attestations.md describes the format, and what makes a statement count.
"""

from acceptance.readiness.attestation.claim import Claim, ClaimedFile, ClaimedLink, Malformed
from acceptance.readiness.attestation.load import Found, Testimonies, load_testimonies
from acceptance.readiness.attestation.trust import Trust, TrustedKey, load_trust

__all__ = [
    "Claim",
    "ClaimedFile",
    "ClaimedLink",
    "Found",
    "Malformed",
    "Testimonies",
    "Trust",
    "TrustedKey",
    "load_testimonies",
    "load_trust",
]
