"""Positions in the list as visitors carry them: opaque, and signed so that they stay ours.

A cursor is base64url(HMAC-SHA256(time and id), cut to 16 bytes, then time and id). While the
signing key is rotated there are two keys, and visitors carry cursors that either of them signed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from datetime import UTC, datetime, timedelta
from uuid import UUID

from checkout_backend.store import Position

_SIGNATURE_BYTES = 16  # 128 bits cannot be guessed
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME = struct.Struct(">q")  # microseconds, as PostgreSQL keeps them
_UUID_BYTES = 16


class BadCursor(ValueError):
    """The cursor is not one that was signed with one of these keys."""


class Cursors:
    """Signs positions and recognises them again."""

    def __init__(self, key: bytes, *accepted: bytes) -> None:
        """Sign with `key`; recognise what `key` or one of `accepted` has signed.

        From each a key of its own is derived, so that nothing else that it signed passes for a
        cursor.
        """
        self._keys = [
            hmac.digest(each, b"checkout page cursor v1", hashlib.sha256)
            for each in (key, *accepted)
        ]

    def write(self, position: Position) -> str:
        """Return the cursor for a position."""
        microseconds = (position.created_at - _EPOCH) // timedelta(microseconds=1)
        payload = _TIME.pack(microseconds) + position.id.bytes
        signature = _sign(self._keys[0], payload)
        return base64.urlsafe_b64encode(signature + payload).rstrip(b"=").decode()

    def read(self, cursor: str) -> Position:
        """Return the position of a cursor. Raises `BadCursor`."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not any(hmac.compare_digest(signature, _sign(key, payload)) for key in self._keys):
            raise BadCursor("The cursor is not one that this service handed out.")
        (microseconds,) = _TIME.unpack(payload[: _TIME.size])
        created_at = _EPOCH + timedelta(microseconds=microseconds)
        return Position(created_at, UUID(bytes=payload[-_UUID_BYTES:]))


def _sign(key: bytes, payload: bytes) -> bytes:
    return hmac.digest(key, payload, hashlib.sha256)[:_SIGNATURE_BYTES]
