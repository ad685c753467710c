"""Reads what the system has to perform from `requirements.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.domains.performance.drivers.load import ACTIONS
from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from pathlib import Path

FILE = "requirements.toml"
"""Its name, at the root of the repository."""

_MOST_VISITORS = 500
_MOST_SECONDS = 60
"""A load beyond these is a test of another kind, and not one for a shared machine."""


@dataclass(frozen=True)
class Load:
    """A load as the requirements state it."""

    replicas: int
    """Backend pods that serve."""
    visitors: int
    arrivals_per_second: float
    seconds: float
    """From the first visitor's arrival to the end."""
    think_seconds: tuple[float, float]
    """The shortest and the longest pause between two actions of a visitor."""
    mix: tuple[tuple[str, int], ...]
    """(action, weight); of `ACTIONS`."""


@dataclass(frozen=True)
class Thresholds:
    """What has to hold at that load."""

    p95_milliseconds: float
    requests_per_second: float
    error_rate: float
    """Failed requests by all requests, from 0 to 1."""
    least_requests: int
    """Fewer say nothing."""


@dataclass(frozen=True)
class Performance:
    """The requirements on the system's performance."""

    load: Load
    thresholds: Thresholds


def read_performance(path: Path) -> Performance:
    """Read the table `performance` of a requirements file.

    Raises `BrokenInput` for a file that is missing or no TOML, for a value that is missing,
    unknown or impossible, and for a load beyond what a run may put on a machine.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = (
            f"{path.name} cannot be read: {error}. "
            "Try: the example in docs/adr/0009-performance-requirements.md"
        )
        raise BrokenInput(message) from error
    table = _Numbers(path.name, "performance", document.get("performance"), {"load", "thresholds"})
    load = table.inner(
        "load",
        {"replicas", "visitors", "arrivals_per_second", "seconds", "think_seconds", "mix"},
    )
    mix = load.inner("mix", set(ACTIONS))
    limits = table.inner(
        "thresholds", {"p95_milliseconds", "requests_per_second", "error_rate", "least_requests"}
    )
    return Performance(
        Load(
            replicas=load.count("replicas"),
            visitors=load.count("visitors", most=_MOST_VISITORS),
            arrivals_per_second=load.number("arrivals_per_second", most=_MOST_VISITORS),
            seconds=load.number("seconds", most=_MOST_SECONDS),
            think_seconds=load.span("think_seconds"),
            mix=tuple((name, mix.count(name)) for name in mix.values),
        ),
        Thresholds(
            p95_milliseconds=limits.number("p95_milliseconds"),
            requests_per_second=limits.number("requests_per_second"),
            error_rate=limits.number("error_rate", least=0, most=0.5),
            least_requests=limits.count("least_requests"),
        ),
    )


class _Numbers:
    """A table of numbers that names itself in every complaint."""

    def __init__(self, file: str, name: str, values: object, known: set[str]) -> None:
        self._file, self._name = file, name
        if not isinstance(values, dict) or not values:
            needed = ", ".join(sorted(known))
            raise BrokenInput(f"{file} has no table [{name}]. It needs: {needed}.")
        self.values: dict[str, Any] = values
        unknown = sorted(set(values) - known)
        if unknown:
            message = f"{file}: [{name}] has the unknown key {unknown[0]}. Known: "
            raise BrokenInput(f"{message}{', '.join(sorted(known))}.")

    def inner(self, key: str, known: set[str]) -> _Numbers:
        return _Numbers(self._file, f"{self._name}.{key}", self.values.get(key), known)

    def number(self, key: str, *, least: float | None = None, most: float | None = None) -> float:
        value = self.values.get(key)
        number = _number(value)
        enough = number is not None and (number > 0 if least is None else number >= least)
        if number is None or not enough or (most is not None and number > most):
            lower = "above 0" if least is None else f"from {least:g}"
            upper = f" up to {most:g}" if most is not None else ""
            raise self._wrong(key, f"a number {lower}{upper}")
        return number

    def count(self, key: str, *, most: float | None = None) -> int:
        number = self.number(key, most=most)
        if number != int(number):
            raise self._wrong(key, "a whole number")
        return int(number)

    def span(self, key: str) -> tuple[float, float]:
        value = self.values.get(key)
        ends = [_number(each) for each in value] if isinstance(value, list) else []
        match ends:
            case [float(first), float(last)] if 0 < first <= last:
                return first, last
        raise self._wrong(key, "two numbers above 0, the smaller one first")

    def _wrong(self, key: str, wanted: str) -> BrokenInput:
        found = self.values.get(key)
        return BrokenInput(f"{self._file}: [{self._name}] {key} has to be {wanted}, not {found!r}.")


def _number(value: object) -> float | None:
    """Return a TOML number that is one: neither a truth value nor inf or nan."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < float("inf") else None
