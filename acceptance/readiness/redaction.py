"""Redacts secret values in all that the suite writes: plain, encoded, escaped and compressed."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from bisect import bisect_right
from typing import TYPE_CHECKING

from acceptance.drivers.packed_content import unpacked
from acceptance.errors import BrokenInput
from acceptance.readiness.secret_encodings import BREAKS, SHORTEST, FormIndex, forms

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "[redacted]"
_GZIP = b"\x1f\x8b\x08"
_KEY_LINE = re.compile(r"[A-Za-z0-9+/=_-]{16,}")
_PUBLIC = "CERTIFICATE-----"
_PACKED = re.compile(rb"H4sI(?:[A-Za-z0-9+/_-]|\\[nrt]|\s)+={0,2}")
"""What was compressed by gzip and encoded in base64."""


def redactable(secrets: Iterable[str]) -> list[str]:
    """Return those that other text does not contain by chance.

    A system may have a shorter one. Whether that is a secret is for a criterion to say: it neither
    ends the run nor makes the reports unreadable.
    """
    return [each for each in secrets if len(each) >= SHORTEST]


class Redactor:
    """Replaces secret values by a mask, in each of their forms and wherever lines break."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Look for `secrets`.

        Raises `BrokenInput` for a value so short that other text may contain it.
        """
        self._forms: set[str] = set()
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Look for more `secrets` from now on.

        Raises `BrokenInput` for a value so short that other text may contain it.
        """
        for secret in secrets:
            if len(secret) < SHORTEST:
                message = f"A secret has fewer than {SHORTEST} characters. Try: a longer one."
                raise BrokenInput(message)
            self._forms |= {_as_bytes_read(form) for form in (*forms(secret), *_lines(secret))}
            self._forms |= {
                secret.encode(f"utf-16-{end}").decode("latin-1") for end in ("le", "be")
            }
        self._index = FormIndex(self._forms)
        # Across lines, a form has none itself.
        self._joined = FormIndex({BREAKS.sub("", form) for form in self._forms})

    def redact(self, text: str) -> str:
        """Return `text` without any secret value."""
        if text.startswith(_GZIP.decode("latin-1")) and max(map(ord, text)) <= max(range(256)):
            return self.redact_bytes(text.encode("latin-1")).decode("latin-1")
        return self.redact_bytes(text.encode("utf-8", "surrogatepass")).decode(
            "utf-8", "surrogatepass"
        )

    def redact_bytes(self, content: bytes) -> bytes:
        """Return `content` without any secret value."""
        if content.startswith(_GZIP):
            return self._redact_gzip(content)
        text = content.decode("latin-1")
        # The longest first, because a form may be a part of another one.
        for form in sorted(self._index.found_in(text), key=len, reverse=True):
            text = text.replace(form, MASK)
        across = list(self._joined.found_across_lines(text))
        if across:
            text = _masked_across_lines(text, across)
        return self._without_packed(text.encode("latin-1"))

    def redact_archive(self, content: bytes) -> bytes:
        """Return a zip file without secrets in its members, where compression would hide them."""
        clean = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(clean, "w") as target:
            for member in source.infolist():
                kept = self.redact_bytes(source.read(member))
                target.writestr(member, kept, zipfile.ZIP_DEFLATED)
        return clean.getvalue()

    def _redact_gzip(self, content: bytes) -> bytes:
        """Return compressed content without secrets; what cannot be opened stays as it is."""
        opened = next(unpacked(content, depth=1))
        if opened == content:
            return content
        clean = self.redact_bytes(opened)
        return content if clean == opened else gzip.compress(clean, mtime=0)

    def _without_packed(self, content: bytes) -> bytes:
        """Return content without what it has in base64 whose compressed content has a secret."""
        for packed in _PACKED.finditer(content):
            if any(map(self._holds, unpacked(packed[0]))):
                content = content.replace(packed[0], MASK.encode())
        return content

    def _holds(self, content: bytes) -> bool:
        text = content.decode("latin-1")
        found = (*self._index.found_in(text), *self._joined.found_across_lines(text))
        return bool(found)


def _as_bytes_read(form: str) -> str:
    """Return a form as it looks in content whose bytes are read as characters."""
    return form.encode().decode("latin-1")


def _lines(secret: str) -> list[str]:
    """Return the lines of a key, which a log or an indentation takes apart."""
    if _PUBLIC in secret or "\n" not in secret.strip():
        return []
    return [line for each in secret.splitlines() if _KEY_LINE.fullmatch(line := each.strip())]


def _masked_across_lines(text: str, found: Iterable[str]) -> str:
    """Return a text with a mask in place of each form that it has across lines."""
    starts, origins, pieces = [0], [0], []
    at, length = 0, 0
    for gap in (*BREAKS.finditer(text), None):
        end = gap.start() if gap else len(text)
        if end > at:
            starts.append(length)
            origins.append(at)
            pieces.append(text[at:end])
            length += end - at
        at = gap.end() if gap else end
    joined = "".join(pieces)

    def origin(place: int) -> int:
        part = bisect_right(starts, place) - 1
        return origins[part] + place - starts[part]

    spans = sorted(
        (origin(match.start()), origin(match.end() - 1) + 1)
        for form in found
        for match in re.finditer(re.escape(form), joined)
    )
    clean, done = [], 0
    for start, end in spans:
        if start >= done:
            clean += [text[done:start], MASK]
        done = max(done, end)
    return "".join((*clean, text[done:]))
