"""Reads the tables of planned connections, which the scenarios prove.

The feature file holds them; every other copy is generated from there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from gherkin.errors import ParserException
from gherkin.parser import Parser

from acceptance.drivers.kubernetes.network_policies.port import Port
from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

EXPOSED, ALL, NONE, UNJUDGED = "yes", "all", "no", "-"
"""The words of a cell: only the ports that a Service exposes, every port, no port, not judged.

A cell may also name its ports, and then means these and no other: "4318 4320", or "53/udp".
"""

_WORDS = (EXPOSED, ALL, NONE, UNJUDGED)
_PORT = re.compile(r"(?P<number>[1-9][0-9]{0,4})(?:/(?P<protocol>tcp|udp))?")
_CORNER = "from"


@dataclass(frozen=True)
class ConnectionMatrix:
    """Connections by their source and destination, in the order of the table."""

    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    cells: Mapping[tuple[str, str], str]
    """For each source and destination one of `EXPOSED`, `ALL`, `NONE` and `UNJUDGED`, or ports."""

    @property
    def places(self) -> frozenset[str]:
        """Everything that has a row or a column."""
        return frozenset((*self.sources, *self.destinations))

    def ports_to(self, *destinations: str) -> frozenset[Port]:
        """Return every port that a cell of these columns names."""
        return frozenset(
            port
            for (_, destination), word in self.cells.items()
            if destination in destinations
            for port in named_ports(word)
        )

    def judges(self, source: str, destination: str) -> bool:
        """Return whether the table says anything about these connections."""
        return self.cells.get((source, destination), UNJUDGED) != UNJUDGED


def named_ports(word: str) -> tuple[Port, ...]:
    """Return the ports that a cell names, TCP unless it says otherwise; none for a word.

    Raises `BrokenInput` for a text that is neither.
    """
    if word in _WORDS:
        return ()
    found = [_PORT.fullmatch(part) for part in word.split()]
    if not found or None in found:
        raise BrokenInput(f'"{word}" is neither {", ".join(_WORDS)} nor port numbers.')
    return tuple(Port(match["protocol"] or "tcp", int(match["number"])) for match in found if match)


def word_of_ports(ports: Sequence[Port]) -> str:
    """Return the cell that names these ports."""
    return " ".join(str(each.number) if each.protocol == "tcp" else str(each) for each in ports)


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
            try:
                named_ports(word)
            except BrokenInput as error:
                message = (
                    f'The table of connections says "{word}" from {row[0]} to {destination}. '
                    f"Try one of: {', '.join(_WORDS)}, or port numbers"
                )
                raise BrokenInput(message) from error
            cells[row[0], destination] = word
    return ConnectionMatrix(sources, destinations, cells)


def read_matrices(feature: Path) -> dict[str, ConnectionMatrix]:
    """Return the matrices of a feature file, by the names of their scenarios.

    Raises `BrokenInput` if the file cannot be read, or a scenario has several such tables.
    """
    try:
        document = Parser().parse(feature.read_text(encoding="utf-8"))
    except (OSError, ValueError, ParserException) as error:
        raise BrokenInput(f"{feature} cannot be read as a feature: {error}") from error
    found = {}
    for scenario in _scenarios(document):
        tables = [table for table in _tables(scenario) if table[0][0] == _CORNER]
        if len(tables) > 1:
            message = f"{scenario['name']} has {len(tables)} tables of connections, not one."
            raise BrokenInput(message)
        if tables:
            found[str(scenario["name"])] = parse_matrix(tables[0])
    return found


def _scenarios(node: object) -> list[Mapping[str, object]]:
    """Return every scenario of a Gherkin document, also those below a rule."""
    if isinstance(node, list):
        return [found for each in node for found in _scenarios(each)]
    if not isinstance(node, dict):
        return []
    if "scenario" in node:
        return [node["scenario"]]
    return [found for value in node.values() for found in _scenarios(value)]


def _tables(scenario: Mapping[str, object]) -> list[list[list[str]]]:
    """Return the data tables of a scenario's steps, as rows of texts."""
    steps: Any = scenario["steps"]
    return [
        [[cell["value"] for cell in row["cells"]] for row in step["dataTable"]["rows"]]
        for step in steps
        if "dataTable" in step
    ]
