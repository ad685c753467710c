"""The facts that every scanner returns."""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from acceptance.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Callable

ScanPart: TypeAlias = Literal["code", "deployment", "secrets", "images"]
"""The parts of a system that a security scan covers."""


@dataclass(frozen=True)
class ScanFinding:
    """Something that a scanner reports."""

    scanner: str
    rule: str
    """The scanner's own name for what it checks."""
    where: str
    """A file, a Kubernetes object, or a package of an image."""
    text: str
    """What is wrong, in the scanner's words; never a secret value."""
    severity: str = ""
    """In the scanner's own words; empty if it reports none."""
    confidence: str = ""
    line: int = 0
    fingerprint: str = ""
    """Distinguishes findings of the same rule in the same place; see `fingerprint`."""
    source: str = ""
    """For an object: the overlay or file that deploys it."""

    def __str__(self) -> str:
        """Name the finding and its place."""
        place = f"{self.where}:{self.line}" if self.line else self.where
        source = f" of {self.source}" if self.source else ""
        return f"{self.scanner}: {self.text} ({self.rule}) in {place}{source}"


@dataclass(frozen=True)
class ScannerFacts:
    """What one scanner scanned and found."""

    scanner: str
    part: ScanPart
    version: str = ""
    scanned: int = 0
    """How many of `unit` it read."""
    unit: str = ""
    """What it counts, in the plural: files, objects, packages."""
    findings: tuple[ScanFinding, ...] = ()
    seconds: float = 0.0
    problem: str = ""
    """Why it could not run, or not to its end; empty if it ran to its end."""
    notes: tuple[str, ...] = ()


def fingerprint(*parts: str) -> str:
    """Return a hash of `parts`: 16 letters and digits.

    It is in base32, because a scanner takes a hexadecimal number for a secret.
    """
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return base64.b32encode(digest).decode("ascii").lower()[:16]


def attempt(scanner: str, part: ScanPart, scan: Callable[[], ScannerFacts]) -> ScannerFacts:
    """Return what `scan` returns; an `EnvironmentFailure` becomes the scanner's `problem`."""
    started = time.monotonic()
    try:
        return scan()
    except EnvironmentFailure as error:
        first = error.message.splitlines()[0]
        seconds = round(time.monotonic() - started, 1)
        return ScannerFacts(scanner, part, problem=first, seconds=seconds)
