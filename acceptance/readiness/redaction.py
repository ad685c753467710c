"""Redacts secret values in all that the suite writes: plain, encoded and escaped."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "[redacted]"
_SHORTEST = 6
"""A shorter value also occurs by chance, and its mask there would reveal it."""


class Redactor:
    """Replaces secret values by a mask: plain, in base64, URL-encoded, in JSON escapes."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Look for `secrets`.

        Raises `BrokenInput` for a value so short that other text may contain it.
        """
        self._forms: list[bytes] = []
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Look for more `secrets` from now on.

        Raises `BrokenInput` for a value so short that other text may contain it.
        """
        forms = {form.decode() for form in self._forms}
        for secret in secrets:
            if len(secret) < _SHORTEST:
                message = f"A secret has fewer than {_SHORTEST} characters. Try: a longer one."
                raise BrokenInput(message)
            forms |= _forms(secret)
        # The longest first, because a form may be a part of another one.
        self._forms = sorted((form.encode() for form in forms), key=len, reverse=True)

    def redact(self, text: str) -> str:
        """Return `text` without any secret value."""
        return self.redact_bytes(text.encode("utf-8", "surrogatepass")).decode(
            "utf-8", "surrogatepass"
        )

    def redact_bytes(self, content: bytes) -> bytes:
        """Return `content` without any secret value."""
        for form in self._forms:
            content = content.replace(form, MASK.encode())
        return content

    def redact_archive(self, content: bytes) -> bytes:
        """Return a zip file without secrets in its members, where compression would hide them."""
        clean = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(clean, "w") as target:
            for member in source.infolist():
                kept = self.redact_bytes(source.read(member))
                target.writestr(member, kept, zipfile.ZIP_DEFLATED)
        return clean.getvalue()


def forms(secret: str) -> frozenset[str]:
    """Return every form of a secret that is looked for: plain, encoded and escaped."""
    return frozenset(_forms(secret))


def _forms(secret: str) -> set[str]:
    raw = secret.encode()
    escaped = json.dumps(secret)[1:-1]
    forms = {secret, escaped, json.dumps(escaped)[1:-1], quote(secret, safe=""), quote_plus(secret)}
    # In a longer text, base64 has three forms of the same value, one for each alignment. The first
    # and last characters depend on the text around the value, so they are left out.
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(b"\0" * shift + raw).decode().rstrip("=")
            start = -(-shift * 8 // 6)
            end = (shift + len(raw)) * 8 // 6
            forms.add(encoded[start:end])
    return {form for form in forms if len(form) >= _SHORTEST}
