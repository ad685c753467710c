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

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator, Strict

from acceptance.toml_file import Text, read_toml

if TYPE_CHECKING:
    from pathlib import Path

FILE = "security/exceptions.toml"


def _iso_day(value: object) -> str:
    if type(value) is not date:
        raise ValueError("a date without quotes, as 2027-06-30")
    return value.isoformat()


@dataclass(frozen=True)
class ExceptionFacts:
    """One exception, as it was written."""

    scanner: Text
    rule: Text
    where: Text
    """A name as the finding has it, or a pattern of the shell: `tests/*`."""
    owner: Text
    reason: Text
    expires: Annotated[str, BeforeValidator(_iso_day)]
    """The last day on which it counts, as an ISO 8601 date."""
    fingerprint: Annotated[str, Strict()] = ""
    """Of the only finding that is meant; empty for all of this rule in this place."""

    def __str__(self) -> str:
        """Name it so that somebody finds it in the file."""
        return f"{self.scanner}, {self.rule}, {self.where}"


@dataclass(frozen=True)
class _ExceptionFile:
    exception: tuple[ExceptionFacts, ...] = ()


def read_exceptions(root: Path) -> tuple[ExceptionFacts, ...]:
    """Return the exceptions of the repository at `root`; none if it has no such file.

    Raises `BrokenInput` for a file that is no such list: what cannot be read excuses nothing.
    """
    path = root / FILE
    if not path.is_file():
        return ()
    return read_toml(path, _ExceptionFile, name=FILE, remedy=f"Try: git checkout {FILE}").exception
