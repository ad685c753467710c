from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acceptance.domains.delivery.drivers.statements import SigningKey, Statement

KEY, OTHER = SigningKey(), SigningKey()
STATEMENT = Statement("https://slsa.dev/provenance/v1", (f"sha256:{'a' * 64}",), {"id": "b"})


def test_a_sealed_statement_is_opened_by_its_key_alone() -> None:
    """Nothing is read of what somebody else has signed."""
    envelope = KEY.seal(STATEMENT)
    assert KEY.open(envelope) == STATEMENT
    assert OTHER.open(envelope) is None


@pytest.mark.parametrize("field", ["payload", "payloadType", "signatures"])
def test_each_field_of_an_envelope_is_signed(field: str) -> None:
    """The type as well: another reader would take the payload for something else."""
    envelope = json.loads(KEY.seal(STATEMENT))
    other = replace(STATEMENT, predicate={"id": "c"})
    envelope[field] = {
        "payload": base64.b64encode(other.payload()).decode(),
        "payloadType": "text/plain",
        "signatures": [],
    }[field]
    assert KEY.open(json.dumps(envelope).encode()) is None


@given(st.binary(max_size=40), st.text(max_size=20))
def test_no_other_text_is_a_signature(content: bytes, signature: str) -> None:
    """Also none that is not base64."""
    assert KEY.has_signed(content, KEY.sign(content))
    assert not KEY.has_signed(content + b"x", KEY.sign(content))
    assert not KEY.has_signed(content, signature)


def test_the_keys_are_pem() -> None:
    """As cosign imports and reads them."""
    for key, kind in ((KEY.private, "PRIVATE"), (KEY.public, "PUBLIC")):
        assert key.startswith(f"-----BEGIN {kind} KEY-----\n")
