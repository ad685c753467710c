"""Sets of whole numbers as disjoint ranges in order: what addresses and ports have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Range: TypeAlias = "tuple[int, int]"
"""The first and the last number."""
Ranges: TypeAlias = "tuple[Range, ...]"
"""Disjoint ranges in order, with at least one number between each two."""


def merged(ranges: Iterable[Range]) -> Ranges:
    """Return the numbers of all `ranges`, which may overlap."""
    found: list[Range] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(last, found[-1][1])
        else:
            found.append((first, last))
    return tuple(found)


def common(one: Ranges, other: Ranges) -> Ranges:
    """Return the numbers that are in both."""
    return tuple(
        (max(first, start), min(last, end))
        for first, last in one
        for start, end in other
        if max(first, start) <= min(last, end)
    )


def without(one: Ranges, other: Ranges) -> Ranges:
    """Return the numbers of `one` that are not in the other."""
    return tuple(part for each in one for part in _cut(each, other))


def _cut(whole: Range, holes: Ranges) -> Iterator[Range]:
    start, last = whole
    for hole, end in holes:
        if end < start or hole > last:
            continue
        if hole > start:
            yield start, hole - 1
        start = end + 1
    if start <= last:
        yield start, last
