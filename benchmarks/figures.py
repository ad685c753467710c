"""What a measure found: repeated values, their target, and the interval of a ratio."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_RESAMPLES = 1000
_TAIL = 0.025
"""What a 95 % interval leaves out at each end."""
_SEED = 20261129
"""Fixed, so that the same values give the same interval."""

PairedRound = tuple[Sequence[float], Sequence[float]]
"""What one round measured of the base, and of what is compared with it."""


@dataclass(frozen=True)
class Figure:
    """The repeated values of one measure."""

    name: str
    unit: str
    values: tuple[float, ...]
    target: float | None = None
    """The largest acceptable value."""
    interval: tuple[float, float] | None = None
    """The 95 % interval of a ratio."""
    row: str = ""
    """The row of a table in which `name` is a column; empty for a figure of its own."""

    @property
    def median(self) -> float:
        """The median of the values."""
        return statistics.median(self.values)

    @property
    def held(self) -> bool | None:
        """Whether the median is within the target; None if there is none."""
        return None if self.target is None else self.median <= self.target

    def __str__(self) -> str:
        """Return the median with its unit, and the interval if there is one."""
        text = f"{self.median:.2f} {self.unit}".rstrip()
        if self.interval is None:
            return text
        low, high = self.interval
        note = ", includes 1" if low <= 1 <= high else ""
        return f"{text} ({low:.2f} to {high:.2f}{note})"


def paired_ratio(
    name: str,
    rounds: Sequence[PairedRound],
    statistic: Callable[[Sequence[float]], float],
    *,
    row: str = "",
) -> Figure:
    """Return the ratio of `statistic` over all rounds, with its interval by bootstrap.

    Whole rounds are drawn, because the requests of one round are not independent: what slows the
    machine slows all of them.
    """

    def ratio(chosen: Sequence[PairedRound]) -> float:
        base = [value for values, _ in chosen for value in values]
        other = [value for _, values in chosen for value in values]
        return statistic(other) / statistic(base)

    draw = random.Random(_SEED)  # noqa: S311 (no secret is made of it)
    found = sorted(ratio(draw.choices(rounds, k=len(rounds))) for _ in range(_RESAMPLES))
    cut = int(_RESAMPLES * _TAIL)
    interval = found[cut], found[-1 - cut]
    return Figure(name, "×", (ratio(rounds),), interval=interval, row=row)
