"""What every scanner returns."""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from acceptance.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Callable

Part: TypeAlias = Literal["code", "deployment", "secrets", "images"]
"""The parts of a system that have to be looked at."""


@dataclass(frozen=True)
class Finding:
    """Something that a scanner does not like."""

    scanner: str
    rule: str
    """The scanner's own name for it."""
    where: str
    """A file with its line left out, an object, or a package of an image."""
    text: str
    """What it is, in the scanner's words; never a secret value."""
    severity: str = ""
    """In the scanner's own words; empty if it has none."""
    confidence: str = ""
    line: int = 0
    fingerprint: str = ""
    """Tells this finding from others of the same rule in the same place; see `fingerprint`."""

    def __str__(self) -> str:
        """Name it so that somebody finds it."""
        place = f"{self.where}:{self.line}" if self.line else self.where
        return f"{self.scanner}: {self.text} ({self.rule}) in {place}"


@dataclass(frozen=True)
class ScanFacts:
    """What one scanner did."""

    scanner: str
    part: Part
    version: str = ""
    looked_at: int = 0
    """How many `things` it really read."""
    things: str = ""
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0
    problem: str = ""
    """Why it could not run, or not to its end; empty if it did."""
    notes: tuple[str, ...] = ()


def fingerprint(*parts: str) -> str:
    """Return 16 letters and digits that stand for `parts` and do not tell them.

    In base32, for a hexadecimal number would itself look like a secret to a scanner.
    """
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return base64.b32encode(digest).decode("ascii").lower()[:16]


def attempt(scanner: str, part: Part, scan: Callable[[], ScanFacts]) -> ScanFacts:
    """Return what `scan` returns; an environment that it could not have becomes its problem."""
    started = time.monotonic()
    try:
        return scan()
    except EnvironmentFailure as error:
        first = error.message.splitlines()[0]
        seconds = round(time.monotonic() - started, 1)
        return ScanFacts(scanner, part, problem=first, seconds=seconds)
