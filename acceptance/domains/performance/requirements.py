"""Reads what the system has to perform from `requirements.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeAlias

from pydantic import AfterValidator, Field

from acceptance.domains.performance.drivers.load import ACTIONS
from acceptance.toml_file import Count, Number, one_of, read_toml

if TYPE_CHECKING:
    from pathlib import Path

FILE = "requirements.toml"
"""Its name, at the root of the repository."""

_MOST_VISITORS = 500
_MOST_SECONDS = 60
"""A load beyond these is a test of another kind, and not one for a shared machine."""


_Span: TypeAlias = Annotated[
    tuple[Annotated[Number, Field(gt=0)], Annotated[Number, Field(gt=0)]],
    Field(description="two numbers above 0, the smaller one first"),
]


def _in_order(span: tuple[float, float]) -> tuple[float, float]:
    if span[0] > span[1]:
        raise ValueError("two numbers above 0, the smaller one first")
    return span


@dataclass(frozen=True)
class Load:
    """A load as the requirements state it."""

    replicas: Annotated[Count, Field(gt=0)]
    """Backend pods that serve."""
    visitors: Annotated[Count, Field(gt=0, le=_MOST_VISITORS)]
    arrivals_per_second: Annotated[Number, Field(gt=0, le=_MOST_VISITORS)]
    seconds: Annotated[Number, Field(gt=0, le=_MOST_SECONDS)]
    """From the first visitor's arrival to the end."""
    think_seconds: Annotated[_Span, AfterValidator(_in_order)]
    """The shortest and the longest pause between two actions of a visitor."""
    mix: Annotated[
        dict[Annotated[str, one_of(ACTIONS)], Annotated[Count, Field(gt=0)]], Field(min_length=1)
    ]
    """The weight of each action; of `ACTIONS`."""


@dataclass(frozen=True)
class Thresholds:
    """What has to hold at that load."""

    p95_milliseconds: Annotated[Number, Field(gt=0)]
    requests_per_second: Annotated[Number, Field(gt=0)]
    error_rate: Annotated[Number, Field(ge=0, le=0.5)]
    """Failed requests by all requests, from 0 to 1."""
    least_requests: Annotated[Count, Field(gt=0)]
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
    return read_toml(
        path,
        Performance,
        table=("performance",),
        name=path.name,
        remedy="Try: the example in docs/adr/0009-performance-requirements.md",
    )
