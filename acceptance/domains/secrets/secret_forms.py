"""Finds secret values in texts, in every form in which they are redacted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.readiness.redaction import forms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acceptance.domains.secrets.secret_inventory import SecretValue

SHORTEST = 8
"""A shorter value would be found everywhere by chance: it is looked for as a whole text only."""
_SHORTEST_WHOLE = 6
_GRAM = 8
_INDEXED = 2 * _GRAM - 1
"""Of a text's consecutive pieces of `_GRAM` characters, one lies within a form of this length."""
_ESCAPED_BREAKS = ("\\n", "\\r", "\\t")


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
        self._short = [form for form in self._forms if len(form) < _INDEXED]
        self._index: dict[str, list[str]] = {}
        for form in self._forms:
            if len(form) >= _INDEXED:
                for start in range(len(form) - _GRAM + 1):
                    self._index.setdefault(form[start : start + _GRAM], []).append(form)

    def __len__(self) -> int:
        """Return the number of forms that are looked for within texts."""
        return len(self._forms)

    @property
    def lines(self) -> tuple[str, ...]:
        """The forms that are one line, for a program that looks for lines."""
        return tuple(form for form in self._forms if "\n" not in form and "\r" not in form)

    def origin(self, text: str) -> str | None:
        """Return where a value comes from that `text` holds or is; None if it holds none.

        It is also found where its lines are broken or indented otherwise.
        """
        whole = self.origin_as_a_whole(text)
        return whole or self.origin_in_lines(text) or self._origin_across_lines(text)

    def origin_as_a_whole(self, text: str) -> str | None:
        """Return where a short value comes from that `text` is; None if it is none."""
        return self._whole.get(text.strip())

    def origin_in_lines(self, text: str) -> str | None:
        """Return where a value comes from that `text` holds as it stands; None if it holds none."""
        for form in self._short:
            if form in text:
                return self._forms[form]
        return self._indexed(text)

    def _origin_across_lines(self, text: str) -> str | None:
        joined = "".join(text.split())
        for escape in _ESCAPED_BREAKS:
            joined = joined.replace(escape, "")
        return self._indexed(joined) if len(joined) < len(text) else None

    def _indexed(self, text: str) -> str | None:
        index = self._index
        pieces = {text[at : at + _GRAM] for at in range(0, len(text) - _GRAM + 1, _GRAM)}
        # Each form once: a piece of it may be a word that the text has everywhere.
        likely = dict.fromkeys(form for piece in pieces & index.keys() for form in index[piece])
        return next((self._forms[form] for form in likely if form in text), None)


def _is_mixed(text: str) -> bool:
    """Whether a short text is neither a word nor a number, which stand everywhere."""
    return not text.isalpha() and not text.isdigit()
