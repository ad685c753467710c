"""Draws the chart of a panel as SVG: lines over time, an axis in the panel's unit, thresholds."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from acceptance.domains.observability.drivers.dashboard_files import Panel

COLOURS = {"green": "#37872d", "orange": "#e8720c", "yellow": "#cc9d00", "red": "#c4162a"}
"""Of thresholds, dark enough for text on white."""
_PALETTE = (
    *("#3274d9", "#56a64b", "#e0752d", "#8f3bb8", "#1f9a9a", "#c4162a", "#b88700", "#6b7a90"),
    *("#e05fa5", "#5c4db1", "#7a5c3e", "#2f8f5b"),
)
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 12, 8, 18
_LINES, _TIMES = 4, 4
_NEAR = 1.6
"""A threshold is drawn if it is not further above the data than this."""
_RATES = {"reqps": " req/s", "ops": " ops/s", "cps": " c/s"}
_TIME_STEPS = (
    (1e-3, 1e-6, "µs"),
    (1.0, 1e-3, "ms"),
    (120.0, 1.0, "s"),
    (7200.0, 60.0, "min"),
    (172800.0, 3600.0, "h"),
    (math.inf, 86400.0, "days"),
)


@dataclass(frozen=True)
class NamedLine:
    """A series as it is drawn: its legend and its points, in Unix time."""

    name: str
    points: tuple[tuple[float, float], ...]

    @property
    def last(self) -> float | None:
        """The newest value; None without one."""
        return self.points[-1][1] if self.points else None


def colour_of(number: int) -> str:
    """Return the colour of the line with this number, from zero."""
    return _PALETTE[number % len(_PALETTE)]


def colour_of_value(panel: Panel, value: float) -> str:
    """Return the colour of the highest threshold that a value reaches."""
    reached = [name for name, low in panel.steps if low is None or value >= low]
    return COLOURS.get(reached[-1] if reached else "", "#24292e")


def in_unit(value: float, unit: str) -> str:
    """Write a value in a unit of Grafana."""
    if unit in {"bool_on_off", "bool", "bool_yes_no"}:
        return ("Off", "On")[bool(value)] if value in {0, 1} else f"{value:.2g}"
    if unit == "percentunit":
        return f"{_number(value * 100)} %"
    if unit in {"s", "dtdurations"}:
        size = abs(value)
        factor, name = next((f, n) for limit, f, n in _TIME_STEPS if size < limit)
        return "0 s" if not value else f"{_number(value / factor)} {name}"
    if unit in {"bytes", "Bps", "binBps", "decbytes"}:
        base = 1000 if unit == "decbytes" else 1024
        names = ("B", "kB", "MB", "GB", "TB") if base == 1000 else ("B", "KiB", "MiB", "GiB", "TiB")  # noqa: PLR2004
        power = min(4, int(math.log(abs(value), base))) if abs(value) >= 1 else 0
        return f"{_number(value / base**power)} {names[power]}" + ("/s" * unit.endswith("ps"))
    return _number(value) + _RATES.get(unit, "")


def chart(panel: Panel, lines: Sequence[NamedLine], size: tuple[int, int]) -> str:
    """Return the chart of a panel, in so many pixels."""
    width, height = size
    points = [point for each in lines for point in each.points]
    if not points:
        return f'<svg width="{width}" height="{height}"></svg>'
    ticks = _ticks(panel, [value for _, value in points])
    start, end = min(t for t, _ in points), max(t for t, _ in points)
    bottom, right = height - _BOTTOM, width - _RIGHT

    def x(when: float) -> float:
        return _LEFT + (when - start) / max(1.0, end - start) * (right - _LEFT)

    def y(value: float) -> float:
        return bottom - (value - ticks[0]) / (ticks[-1] - ticks[0]) * (bottom - _TOP)

    parts = [f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}">']
    for tick in ticks:
        parts.append(_rule(_LEFT, right, y(tick), "#e4e7eb"))
        label = escape(in_unit(tick, panel.unit))
        parts.append(f'<text x="{_LEFT - 6}" y="{y(tick) + 3:.1f}" class="axis end">{label}</text>')
    for number in range(_TIMES + 1):
        when = start + (end - start) * number / _TIMES
        clock = time.strftime("%H:%M:%S", time.gmtime(when))
        side = "start" if not number else "end" if number == _TIMES else "middle"
        parts.append(f'<text x="{x(when):.1f}" y="{height - 4}" class="axis {side}">{clock}</text>')
    for name, low in panel.steps:
        if low is not None and ticks[0] < low <= ticks[-1]:
            parts.append(_rule(_LEFT, right, y(low), COLOURS.get(name, name), dashed=True))
    for number, line in enumerate(lines):
        path = " ".join(f"{x(when):.1f},{y(value):.1f}" for when, value in line.points)
        parts.append(f'<polyline points="{path}" class="line" stroke="{colour_of(number)}"/>')
        for when, value in line.points[-1:]:
            place = f'cx="{x(when):.1f}" cy="{y(value):.1f}"'
            parts.append(f'<circle {place} r="2.5" fill="{colour_of(number)}"/>')
    return "".join((*parts, "</svg>"))


def _ticks(panel: Panel, values: Sequence[float]) -> list[float]:
    """Return the values at which the axis has a line, from zero upwards or from below it."""
    low, high = min(values), max(values)
    if panel.unit.startswith("bool"):
        return [0.0, 1.0]
    high = max([high, *(e for _, e in panel.steps if e is not None and 0 < e <= high * _NEAR)])
    low = min(low, 0.0)
    spread = (high - low) or abs(high) or 1.0
    return list(_steps(low, high if high > low else low + spread, spread / _LINES))


def _steps(low: float, high: float, least: float) -> Iterator[float]:
    power = 10 ** math.floor(math.log10(least))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= least * 0.999)
    number = math.floor(low / step)
    while True:
        yield number * step
        if number * step >= high:
            return
        number += 1


def _rule(left: float, right: float, at: float, colour: str, *, dashed: bool = False) -> str:
    style = ' stroke-dasharray="5 4" stroke-width="1.2"' if dashed else ""
    return f'<line x1="{left}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}" stroke="{colour}"{style}/>'


def _number(value: float) -> str:
    for limit, name in ((1e9, " G"), (1e6, " M"), (1e4, " K")):
        if abs(value) >= limit:
            return f"{value / (1000 if name == ' K' else limit):.3g}{name}"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"  # noqa: PLR2004
