"""Reads and makes what is signed about an image, without the program that the pipeline signs with.

Signatures: https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
Statements: https://github.com/secure-systems-lab/dsse/blob/v1.0.2/envelope.md, with the payload of
https://in-toto.io/Statement/v0.1
"""

from __future__ import annotations

import base64
import json
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from acceptance.process import run
from acceptance.project import ROOT
from acceptance.setup.go import programs_of

_PAYLOAD = "application/vnd.in-toto+json"
_ALGORITHM = ec.ECDSA(SHA256())


@dataclass(frozen=True)
class Statement:
    """What somebody says about an image."""

    kind: str
    """The type of its predicate, an address."""
    subjects: tuple[str, ...]
    """The digests that it is about, as `sha256:…`."""
    predicate: dict[str, Any]

    def payload(self) -> bytes:
        """Return it as it is signed."""
        subjects = [
            {"name": "image", "digest": {"sha256": each.removeprefix("sha256:")}}
            for each in self.subjects
        ]
        return json.dumps(
            {
                "_type": "https://in-toto.io/Statement/v0.1",
                "predicateType": self.kind,
                "subject": subjects,
                "predicate": self.predicate,
            }
        ).encode()


class SigningKey:
    """A new key pair of the curve P-256, as cosign uses it."""

    def __init__(self) -> None:
        """Make it."""
        self._private = ec.generate_private_key(ec.SECP256R1())

    @cached_property
    def private(self) -> str:
        """The private key, as PKCS #8 in PEM."""
        form, kind = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        return self._private.private_bytes(serialization.Encoding.PEM, form, kind).decode()

    @cached_property
    def public(self) -> str:
        """The public key in PEM."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        key = self._private.public_key()
        return key.public_bytes(serialization.Encoding.PEM, form).decode()

    def sign(self, content: bytes) -> str:
        """Return the signature of `content` in base64."""
        return base64.b64encode(self._private.sign(content, _ALGORITHM)).decode()

    def has_signed(self, content: bytes, signature: str) -> bool:
        """Return whether `signature`, in base64, is one of `content` by this key."""
        try:
            found = base64.b64decode(signature, validate=True)
            self._private.public_key().verify(found, content, _ALGORITHM)
        except (InvalidSignature, ValueError):
            return False
        return True

    def seal(self, statement: Statement) -> bytes:
        """Return the envelope with a statement that this key has signed."""
        payload = statement.payload()
        envelope = {
            "payloadType": _PAYLOAD,
            "payload": base64.b64encode(payload).decode(),
            "signatures": [{"keyid": "", "sig": self.sign(_encoded(payload))}],
        }
        return json.dumps(envelope).encode()

    def open(self, envelope: bytes) -> Statement | None:
        """Return the statement in an envelope; None if this key has not signed it."""
        read = json.loads(envelope)
        payload = base64.b64decode(read["payload"])
        signed = [self.has_signed(_encoded(payload), each["sig"]) for each in read["signatures"]]
        if read["payloadType"] != _PAYLOAD or not any(signed):
            return None
        told = json.loads(payload)
        subjects = tuple(f"sha256:{each['digest'].get('sha256')}" for each in told["subject"])
        return Statement(told["predicateType"], subjects, told["predicate"])


def import_key(key: SigningKey, password: str, *, timeout: float) -> str:
    """Return a private key in the form of cosign, encrypted with `password`.

    `timeout` is in seconds. Raises `EnvironmentFailure` if cosign cannot be built.
    """
    cosign = programs_of(ROOT / "tools" / "pipeline" / "cosign") / "cosign"
    with tempfile.TemporaryDirectory(prefix="acceptance-key-") as temporary:
        folder = Path(temporary)
        (folder / "key.pem").write_text(key.private, encoding="utf-8")
        run(
            [cosign, "import-key-pair", "--key=key.pem", "--output-key-prefix=signing"],
            cwd=folder,
            timeout=timeout,
            env={"COSIGN_PASSWORD": password, "HOME": temporary},
        )
        return (folder / "signing.key").read_text(encoding="utf-8")


def _encoded(payload: bytes) -> bytes:
    """Return what is signed of an envelope: its type and its payload, with their lengths."""
    return b"DSSEv1 %d %s %d %s" % (len(_PAYLOAD), _PAYLOAD.encode(), len(payload), payload)
