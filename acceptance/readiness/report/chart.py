"""Draws the trend over runs as a chart, and describes it in a sentence for screen readers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STACK = ("met", "waived", "unverified", "unmet")
_HEIGHT = 100.0


@dataclass(frozen=True)
class TrendChart:
    """The bars of all runs, in a box of `width` × 100."""

    width: float
    bars: tuple[tuple[str, float, float, float, str], ...]
    """(word, x, y, height, text of the tooltip)."""
    sentence: str


def trend_chart(trend: Sequence[Mapping[str, Any]]) -> TrendChart:
    """Return stacked bars of items by verdict; each run is 10 wide, with a gap of 2."""
    bars = []
    for number, run in enumerate(trend):
        numbers = _apart(run)
        total = sum(numbers.values()) or 1
        floor = _HEIGHT
        told = (
            f"{run['started'][:16].replace('T', ' ')}: {run['met']} met, {run['unmet']} unmet, "
            f"{run['unverified']} unverified, {run['waived']} waived"
        )
        for word in _STACK:
            height = round(_HEIGHT * numbers[word] / total, 2)
            if height:
                floor -= height
                bars.append((word, number * 10.0 + 1, round(max(floor, 0.0), 2), height, told))
    return TrendChart(max(len(trend), 10) * 10.0, tuple(bars), _sentence(trend))


def _apart(run: Mapping[str, Any]) -> dict[str, int]:
    """Count each waived item once, apart from the verdicts."""
    waived = run["waived"]
    unverified = max(0, run["unverified"] - waived)
    unmet = max(0, run["unmet"] - max(0, waived - run["unverified"]))
    return {"met": run["met"], "waived": waived, "unverified": unverified, "unmet": unmet}


def _sentence(trend: Sequence[Mapping[str, Any]]) -> str:
    first, last = trend[0], trend[-1]
    if len(trend) == 1:
        return f"This is the first run in the history: {last['met']} items are met."
    ready = sum(run["ready"] for run in trend)
    return (
        f"Over {len(trend)} runs, from {first['started'][:10]} to {last['started'][:10]}, the met "
        f"items went from {first['met']} to {last['met']} and the unmet ones from "
        f"{first['unmet']} to {last['unmet']}; {ready} of these runs were ready."
    )
