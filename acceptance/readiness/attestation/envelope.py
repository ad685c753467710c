"""Signs, reads and verifies the envelope (DSSE) of a statement, by securesystemslib.

Source: https://github.com/secure-systems-lab/dsse/blob/master/envelope.md
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError

from acceptance.readiness.attestation.claim import MalformedStatement, strict_json

if TYPE_CHECKING:
    from securesystemslib.signer import Key, Signer

PAYLOAD_TYPE = "application/vnd.in-toto+json"
_LARGEST = 1_000_000


def sign(payload: bytes, signer: Signer) -> bytes:
    """Return the envelope with one signature, in the form of its file."""
    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    envelope.sign(signer)
    return json.dumps(envelope.to_dict(), indent=1).encode() + b"\n"


def open_envelope(content: bytes) -> tuple[Envelope, str]:
    """Return the envelope, and the id that it names as the signing key's.

    Raises `MalformedStatement` unless it is an envelope of an in-toto Statement with one signature.
    """
    if len(content) > _LARGEST:
        raise MalformedStatement(f"it has more than {_LARGEST} bytes")
    found = strict_json(content)
    try:
        envelope = Envelope.from_dict(found)
        signers = list(envelope.signatures)
        payload_type = envelope.payload_type
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MalformedStatement(f"it is not a signed envelope: {error!r}") from error
    if payload_type != PAYLOAD_TYPE:
        raise MalformedStatement(f"its payload type is not {PAYLOAD_TYPE}")
    if len(signers) != 1 or not isinstance(signers[0], str):
        raise MalformedStatement(f"it has {len(signers)} signatures instead of one")
    return envelope, signers[0]


def fits(envelope: Envelope, key: Key) -> bool:
    """Return whether `key` has signed exactly this payload, as this payload type."""
    try:
        envelope.verify([key], 1)
    except (UnverifiedSignatureError, VerificationError):
        return False
    return True
