"""Reads the exceptions file: findings of the security scan that are accepted until a day.

The file is in TOML; docs/adr/0008-what-is-critical.md says when an exception is right:

    [[exception]]
    scanner = "detect-secrets"
    rule = "Secret Keyword"
    where = "manifests/base/configmap.yaml"
    fingerprint = "stdu2xhnoqcb2i5a"
    owner = "Development Team"
    reason = "It lists the names of keys; their values are made when the system is deployed."
    expires = 2027-06-30
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from pathlib import Path

FILE = "security/exceptions.toml"

_TEXTS = ("scanner", "rule", "where", "owner", "reason")
_OPTIONAL = ("fingerprint",)


@dataclass(frozen=True)
class ExceptionFacts:
    """One exception, as it was written."""

    scanner: str
    rule: str
    where: str
    """A name as the finding has it, or a pattern of the shell: `tests/*`."""
    owner: str
    reason: str
    expires: str
    """The last day on which it counts, as an ISO 8601 date."""
    fingerprint: str = ""
    """Of the only finding that is meant; empty for all of this rule in this place."""

    def __str__(self) -> str:
        """Name it so that somebody finds it in the file."""
        return f"{self.scanner}, {self.rule}, {self.where}"


def read_exceptions(root: Path) -> tuple[ExceptionFacts, ...]:
    """Return the exceptions of the repository at `root`; none if it has no such file.

    Raises `BrokenInput` for a file that is no such list: what cannot be read excuses nothing.
    """
    path = root / FILE
    if not path.is_file():
        return ()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BrokenInput(f"{FILE} is not valid TOML: {error}.") from error
    entries = document.pop("exception", [])
    if document or not isinstance(entries, list):
        raise BrokenInput(f"{FILE} may hold nothing but [[exception]] tables.")
    return tuple(_exception(number, each) for number, each in enumerate(entries, 1))


def _exception(number: int, found: Any) -> ExceptionFacts:  # noqa: ANN401 (TOML's values)
    name = f"{FILE}: exception {number}"
    if not isinstance(found, dict):
        raise BrokenInput(f"{name} has to be a table.")
    unknown = found.keys() - {*_TEXTS, *_OPTIONAL, "expires"}
    if unknown:
        raise BrokenInput(f"{name} has the unknown key {min(unknown)}.")
    for key in _TEXTS:
        if not isinstance(found.get(key), str) or not found[key].strip():
            raise BrokenInput(f"{name} has no {key}. Try: write one.")
    expires = found.get("expires")
    if type(expires) is not date:
        raise BrokenInput(f"{name} has no expires. Try: a date without quotes, as 2027-06-30.")
    texts = {key: str(found[key]) for key in (*_TEXTS, *_OPTIONAL) if key in found}
    return ExceptionFacts(**texts, expires=expires.isoformat())
