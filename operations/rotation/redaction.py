"""Keeps secret values out of the messages of a rotation."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from collections.abc import Iterable

_MASK = "[redacted]"
_SHORTEST = 6
"""A shorter value occurs by chance, and its mask would reveal it."""


class ValueMask:
    """Replaces the values of a Secret by a mask, in each form in which a program may quote them."""

    def __init__(self) -> None:
        """Know no value yet."""
        self._forms: set[str] = set()

    def learn(self, values: Iterable[str]) -> None:
        """Mask these values, too. Raises `BrokenInput` for one that is too short to be masked."""
        for value in values:
            if len(value) < _SHORTEST:
                message = f"A secret has less than {_SHORTEST} characters. Try: a longer one."
                raise BrokenInput(message)
            self._forms |= _forms(value)

    def hide(self, text: str) -> str:
        """Return `text` without any of the values."""
        for form in sorted(self._forms, key=len, reverse=True):  # one may be a part of another
            text = text.replace(form, _MASK)
        return text


def _forms(value: str) -> set[str]:
    encoded = base64.b64encode(value.encode()).decode("ascii")  # as the Secret holds it
    quoted = value.replace("'", "''")  # as SQL quotes it
    return {value, encoded, quoted, json.dumps(value)[1:-1]}
