"""Lists the forms in which a secret value may be written, and finds them in long texts. Pure."""

from __future__ import annotations

import base64
import html
import json
import re
from itertools import product
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SHORTEST = 6
"""A shorter value also occurs by chance, and its mask there would reveal it."""
_GRAM = 8
_INDEXED = 2 * _GRAM - 1
"""Of a text's consecutive pieces of `_GRAM` characters, one lies within a form of this length."""
BREAKS = re.compile(r"\s+|\\[nrt]")
"""What may stand within a form whose lines are broken or indented, in JSON too."""
_SINGLE, _DOUBLE = ("'", "&#x27;", "&#39;", "&apos;"), ('"', "&quot;", "&#34;")
_UNQUOTED = re.compile(r"([^\w@%+=:,./-])", re.ASCII)
_PERCENT = re.compile(r"%[0-9A-F]{2}")


def forms(secret: str) -> frozenset[str]:
    """Return every form of a secret: plain, escaped, quoted, and in the usual encodings."""
    raw, wide = secret.encode(), secret.encode("utf-16-le")
    found = {secret, secret[::-1], *_escaped(secret), *_percent_encoded(secret), *_in_hex(raw)}
    # Without the zero byte at its end, or beginning, both orders of UTF-16 hold it.
    found.add(wide.decode("latin-1").rstrip("\0"))
    for content in (raw, wide, base64.b64encode(raw)):
        found |= _in_base64(content)
    return frozenset(form for form in found if len(form) >= SHORTEST)


def _escaped(secret: str) -> Iterator[str]:
    """Yield a secret as JSON, HTML, SQL, shells and Python write it."""
    escaped = json.dumps(secret)[1:-1]
    yield from (escaped, json.dumps(escaped)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    plain = html.escape(secret, quote=False)
    for single, double in product(_SINGLE, _DOUBLE):
        yield plain.replace("'", single).replace('"', double)
    yield from (secret.replace("'", by) for by in ("''", "'\\''", "'\"'\"'", "\\'"))
    yield _UNQUOTED.sub(r"\\\1", secret)
    yield repr(secret)[1:-1]


def _percent_encoded(secret: str) -> Iterator[str]:
    special = "".join(each if each.isalnum() else _percent(each.encode()) for each in secret)
    for form in (quote(secret, safe=""), quote(secret), quote_plus(secret), special):
        yield from (form, _PERCENT.sub(lambda found: found[0].lower(), form))
    every = _percent(secret.encode())
    yield from (every, every.lower())


def _percent(content: bytes) -> str:
    return "".join(f"%{byte:02X}" for byte in content)


def _in_hex(content: bytes) -> Iterator[str]:
    for form in (content.hex(), content.hex(":")):
        yield from (form, form.upper())
    yield "".join(f"\\x{byte:02x}" for byte in content)


def _in_base64(content: bytes) -> set[str]:
    """Return the forms of a content within a longer text: one for each alignment.

    The first and last characters depend on the text around it, so they are left out.
    """
    found = set()
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(b"\0" * shift + content).decode().rstrip("=")
            found.add(encoded[-(-shift * 8 // 6) : (shift + len(content)) * 8 // 6])
    return found


class FormIndex:
    """Finds which of many forms a text holds, in one pass for all but the short ones."""

    def __init__(self, forms: Iterable[str]) -> None:
        """Look for `forms`."""
        every = tuple(forms)
        self._short = tuple(form for form in every if len(form) < _INDEXED)
        self._index: dict[str, list[str]] = {}
        for form in every:
            if len(form) >= _INDEXED:
                # The first whole piece of a text within a form begins at one of these.
                for start in range(_GRAM):
                    self._index.setdefault(form[start : start + _GRAM], []).append(form)

    def found_in(self, text: str) -> Iterator[str]:
        """Yield the forms that a text holds as they stand."""
        yield from (form for form in self._short if form in text)
        yield from self._long(text)

    def found_across_lines(self, text: str) -> Iterator[str]:
        """Yield the forms that a text holds where its lines are broken or indented otherwise.

        Short ones are left out: without spaces, words would make them up by chance.
        """
        joined = BREAKS.sub("", text)
        if len(joined) < len(text):
            yield from self._long(joined)

    def _long(self, text: str) -> Iterator[str]:
        index = self._index
        pieces = {text[at : at + _GRAM] for at in range(0, len(text) - _GRAM + 1, _GRAM)}
        # Each form once: a piece of it may be a word that the text has everywhere.
        likely = dict.fromkeys(form for piece in pieces & index.keys() for form in index[piece])
        yield from (form for form in likely if form in text)
