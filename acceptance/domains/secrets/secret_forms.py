"""Finds secret values in texts, in every form in which they are redacted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.drivers.packed_content import unpacked
from acceptance.readiness.secret_encodings import FormIndex, forms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acceptance.domains.secrets.secret_inventory import SecretValue

SHORTEST = 8
"""A shorter value would be found everywhere by chance: it is looked for as a whole text only."""
_SHORTEST_WHOLE = 6


class SecretForms:
    """The forms of secret values, each with the origin of its value."""

    def __init__(self, values: Iterable[SecretValue]) -> None:
        """Look for `values`, of which the short ones count only as a whole text."""
        self._forms: dict[str, str] = {}
        self._whole: dict[str, str] = {}
        for value in values:
            if len(value.text) >= SHORTEST:
                own = self._forms
            elif len(value.text) >= _SHORTEST_WHOLE and _is_mixed(value.text):
                own = self._whole
            else:
                continue
            for form in forms(value.text):
                own.setdefault(form, value.origin)
        # A text of some megabytes is looked through once, not once for each form.
        self._index = FormIndex(self._forms)

    def __len__(self) -> int:
        """Return the number of forms that are looked for within texts."""
        return len(self._forms)

    @property
    def lines(self) -> tuple[str, ...]:
        """The forms that are one line of text, for a program that looks for lines."""
        return tuple(form for form in self._forms if not {"\n", "\r", "\0"} & set(form))

    def origin(self, text: str) -> str | None:
        """Return where a value comes from that `text` holds or is; None if it holds none.

        It is also found where its lines are broken or indented otherwise.
        """
        whole = self.origin_as_a_whole(text)
        return whole or self.origin_in_lines(text) or self._origin_across_lines(text)

    def origin_in_content(self, content: bytes) -> str | None:
        """Return where a value comes from that a file holds, also in what is packed in it."""
        texts = (each.decode("utf-8", "replace") for each in unpacked(content))
        return next(filter(None, map(self.origin, texts)), None)

    def origin_as_a_whole(self, text: str) -> str | None:
        """Return where a short value comes from that `text` is; None if it is none."""
        return self._whole.get(text.strip())

    def origin_in_lines(self, text: str) -> str | None:
        """Return where a value comes from that `text` holds as it stands; None if it holds none."""
        return next((self._forms[form] for form in self._index.found_in(text)), None)

    def _origin_across_lines(self, text: str) -> str | None:
        return next((self._forms[form] for form in self._index.found_across_lines(text)), None)


def _is_mixed(text: str) -> bool:
    """Whether a short text is neither a word nor a number, which stand everywhere."""
    return not text.isalpha() and not text.isdigit()
