"""Draws the response times of a load as a histogram in text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acceptance.domains.performance.drivers.load import LoadFacts

_PERCENTILES = (0.5, 0.9, 0.95, 0.99, 1.0)
_LONGEST_BAR = 60  # characters
_BUCKETS = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)  # milliseconds, upper ends


def percentiles(facts: LoadFacts) -> dict[str, int]:
    """Return some percentiles of the response times in milliseconds; none without a request."""
    if not facts.histogram:
        return {}
    return {f"p{part * 100:g}": facts.percentile(part) for part in _PERCENTILES}


def draw_histogram(facts: LoadFacts) -> str:
    """Return a line with a bar for each range of milliseconds, and a line with percentiles."""
    lines, lower = [], 0
    longest = max((count for _, count in _buckets(facts)), default=0)
    for upper, count in _buckets(facts):
        bar = "#" * -(-count * _LONGEST_BAR // longest) if longest else ""
        ends = f"{lower}–{upper} ms" if upper else f"over {lower} ms"
        lines.append(f"{ends:>14} {count:>6} {bar}".rstrip())
        lower = upper
    shown = ", ".join(f"{name} {value} ms" for name, value in percentiles(facts).items())
    return "\n".join([*lines, "", shown or "no request was answered"])


def _buckets(facts: LoadFacts) -> list[tuple[int, int]]:
    """Return (upper end, requests); 0 stands for no upper end."""
    found, lower = [], -1
    for upper in (*_BUCKETS, 0):
        inside = [n for ms, n in facts.histogram if lower < ms and (not upper or ms <= upper)]
        found.append((upper, sum(inside)))
        lower = upper
    while len(found) > 1 and not found[-1][1]:
        found.pop()
    return found
