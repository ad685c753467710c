"""What became of numbered lines that a pod wrote: found, lost, doubled, and how late."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acceptance.domains.observability.drivers.log_store import LogEntry

_SHOWN = 10
_PERCENTILE = 0.99


@dataclass
class NumberedLines:
    """The numbered lines of one pod, as they are found one after the other."""

    pod: str
    count: int
    """How many it wrote: their numbers are 0 to one less."""
    seconds: dict[int, float] = field(default_factory=dict)
    """By number: from when the pod wrote a line until a search found it."""
    wrong: dict[int, str] = field(default_factory=dict)
    """By number: why an entry does not say what the pod wrote."""
    doubled: tuple[int, ...] = ()
    refused: str = ""
    """What the log store said to the last search if it did not answer it."""

    def add(self, entries: Iterable[LogEntry], now: float) -> None:
        """Note `entries` that a search has just found; `now` is in seconds since the epoch."""
        for each in entries:
            if each.sequence in self.seconds or not 0 <= each.sequence < self.count:
                continue
            line = _line(each["message"])
            self.seconds[each.sequence] = now - float(line.get("written", now))
            if line.get("sequence") != each.sequence or each["level"] != line.get("level"):
                self.wrong[each.sequence] = f"line {each.sequence} has another text or level"

    @property
    def first_missing(self) -> int:
        """The lowest number that was not found; the count if there is none."""
        return next((n for n in range(self.count) if n not in self.seconds), self.count)

    @property
    def missing(self) -> tuple[int, ...]:
        """The numbers that were not found."""
        return tuple(n for n in range(self.count) if n not in self.seconds)

    @property
    def p99(self) -> float:
        """Seconds within which 99 % of the lines were found; infinite if fewer were found."""
        found = sorted(self.seconds.values())
        place = math.ceil(self.count * _PERCENTILE) - 1
        return found[place] if place < len(found) else math.inf

    @property
    def faults(self) -> tuple[str, ...]:
        """What is lost, doubled or wrong, each with its numbers; none if nothing is."""
        if self.refused:
            return (f"the log store did not answer the search: {self.refused}",)
        found = []
        if missing := self.missing:
            found.append(f"{len(missing)} of {self.count} lines were lost: {_numbers(missing)}")
        if self.doubled:
            found.append(f"{len(self.doubled)} lines are stored twice: {_numbers(self.doubled)}")
        return (*found, *list(self.wrong.values())[:_SHOWN])

    def summary(self) -> dict[str, Any]:
        """Return the figures, for the evidence."""
        ordered = sorted(self.seconds.values())
        return {
            "pod": self.pod,
            "written": self.count,
            "found": len(self.seconds),
            "missing": _ranges(self.missing),
            "doubled": _ranges(self.doubled),
            "seconds from written to found": {
                "median": round(ordered[len(ordered) // 2], 2) if ordered else None,
                "99 %": round(self.p99, 2) if math.isfinite(self.p99) else None,
                "longest": round(ordered[-1], 2) if ordered else None,
            },
        }


def written_at(line: str) -> float:
    """Return when a numbered line was written, in seconds since 1970; 0 if it does not say."""
    with suppress(TypeError, ValueError):
        return float(_line(line).get("written", 0))
    return 0.0


def _line(message: str) -> dict[str, Any]:
    try:
        found = json.loads(message)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _numbers(numbers: tuple[int, ...]) -> str:
    ranges = _ranges(numbers)
    shown = ", ".join(ranges[:_SHOWN])
    return shown if len(ranges) <= _SHOWN else f"{shown} …"


def _ranges(numbers: tuple[int, ...]) -> list[str]:
    """Return ascending numbers as texts, with a range for each run of neighbours: 3-7."""
    found: list[list[int]] = []
    for each in numbers:
        if found and each == found[-1][1] + 1:
            found[-1][1] = each
        else:
            found.append([each, each])
    return [f"{first}" if first == last else f"{first}-{last}" for first, last in found]
