"""Reads the table of planned connections, which the scenario proves.

The feature file holds it; every other copy is generated from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from gherkin.errors import ParserException
from gherkin.parser import Parser

from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

EXPOSED, ALL, NONE, UNJUDGED = "yes", "all", "no", "-"
"""The words of a cell: only the ports that a Service exposes, every port, no port, not judged."""

_WORDS = (EXPOSED, ALL, NONE, UNJUDGED)
_CORNER = "from"


@dataclass(frozen=True)
class ConnectionMatrix:
    """Connections by their source and destination, in the order of the table."""

    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    cells: Mapping[tuple[str, str], str]
    """One of `EXPOSED`, `ALL`, `NONE` and `UNJUDGED` for each source and destination."""


def parse_matrix(rows: Sequence[Sequence[str]]) -> ConnectionMatrix:
    """Return the matrix of a table whose first row names the destinations.

    Raises `BrokenInput` for a table with gaps, unknown words, or a name that stands twice.
    """
    if len(rows) < 2 or len(rows[0]) < 2 or rows[0][0] != _CORNER:  # noqa: PLR2004
        message = (
            f'The table of connections has to begin with "{_CORNER}" and have at least one row.'
        )
        raise BrokenInput(message)
    destinations = tuple(rows[0][1:])
    sources = tuple(row[0] for row in rows[1:])
    for names in (destinations, sources):
        twice = [name for name, after in pairwise(sorted(names)) if name == after]
        if twice:
            raise BrokenInput(f"The table of connections names {twice[0]} twice.")
        if "" in names:
            raise BrokenInput("The table of connections has a row or column without a name.")
    cells = {}
    for row in rows[1:]:
        if len(row) != len(rows[0]):
            raise BrokenInput(f"The row {row[0]} of the table of connections has missing cells.")
        for destination, word in zip(destinations, row[1:], strict=True):
            if word not in _WORDS:
                message = (
                    f'The table of connections says "{word}" from {row[0]} to {destination}. '
                    f"Try one of: {', '.join(_WORDS)}"
                )
                raise BrokenInput(message)
            cells[row[0], destination] = word
    return ConnectionMatrix(sources, destinations, cells)


def read_matrix(feature: Path) -> ConnectionMatrix:
    """Return the matrix of a feature file.

    Raises `BrokenInput` if the file cannot be read, or has not exactly one such table.
    """
    try:
        document = Parser().parse(feature.read_text(encoding="utf-8"))
    except (OSError, ValueError, ParserException) as error:
        raise BrokenInput(f"{feature} cannot be read as a feature: {error}") from error
    found = [table for table in _tables(document) if table[0][0] == _CORNER]
    if len(found) != 1:
        raise BrokenInput(f"{feature} has {len(found)} tables of connections, not one.")
    return parse_matrix(found[0])


def _tables(node: object) -> list[list[list[str]]]:
    """Return every data table of a Gherkin document, however deep, as rows of texts."""
    if isinstance(node, list):
        return [table for each in node for table in _tables(each)]
    if not isinstance(node, dict):
        return []
    inner = [table for value in node.values() for table in _tables(value)]
    if "dataTable" in node:
        rows = node["dataTable"]["rows"]
        inner.append([[cell["value"] for cell in row["cells"]] for row in rows])
    return inner
