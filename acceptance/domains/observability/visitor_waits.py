"""How long visitors waited for their answers, and whether that is longer than before."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.drivers.http import Reply

_LIMITS = ((0.5, 0.5), (0.95, 1.0))
"""A share of the visitors, and how many seconds more than twice as long as before it may wait: the
machine is busy meanwhile. Who waits for a program that is away waits for seconds each time."""
_FEWEST = 20
"""Fewer visitors say nothing about what 95 % of them waited."""


@dataclass(frozen=True)
class Waits:
    """How many visitors came, and what each share of them waited at most, in seconds."""

    visitors: int
    seconds: tuple[tuple[float, float], ...]

    @property
    def enough(self) -> bool:
        """Whether so many visitors came that others can be compared with them."""
        return self.visitors >= _FEWEST


def waits_of(replies: Sequence[Reply]) -> Waits:
    """Return what the visitors waited who got these replies."""
    ordered = sorted(each.seconds for each in replies)
    places = [(share, math.ceil(len(ordered) * share) - 1) for share, _ in _LIMITS]
    waits = tuple((share, ordered[place] if ordered else 0.0) for share, place in places)
    return Waits(len(ordered), waits)


def longer_waits(before: Waits, meanwhile: Waits) -> list[str]:
    """Say which shares of the visitors waited longer than before; none if none did."""
    past, now = dict(before.seconds), dict(meanwhile.seconds)
    return [
        f"{share:.0%} of the visitors waited up to {now[share]:.2f} s, and {past[share]:.2f} s "
        "before"
        for share, allowed in _LIMITS
        if now[share] > 2 * past[share] + allowed
    ]
