"""A port of a transport protocol."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Port:
    """A port of a transport protocol."""

    protocol: str
    """tcp or udp."""
    number: int

    def __str__(self) -> str:
        """Write it as is usual: 8000/tcp."""
        return f"{self.number}/{self.protocol}"
