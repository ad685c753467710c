"""Compares connection attempts with the table of planned connections, and words them as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.network.plan.matrix import (
    ALL,
    EXPOSED,
    NONE,
    UNJUDGED,
    named_ports,
    word_of_ports,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.domains.network.packets.connection_attempts import (
        AttemptResult,
        ConnectionAttempt,
    )
    from acceptance.domains.network.plan.matrix import ConnectionMatrix


def is_planned(matrix: ConnectionMatrix, attempt: ConnectionAttempt) -> bool | None:
    """Return whether the table plans a connection; None if it leaves that open."""
    word = matrix.cells[attempt.source, attempt.destination]
    if word == UNJUDGED:
        return None
    if word in {ALL, NONE}:
        return word == ALL
    return attempt.exposed if word == EXPOSED else attempt.own_port in named_ports(word)


def cell_word(results: Sequence[AttemptResult]) -> str:
    """Return the table's word for these results; the open ports if it has no word for them.

    A cell of the table may name ports in the same way.
    """
    leaked = [each for each in results if each.leaked]
    if not leaked:
        return NONE
    exposed = [each for each in results if each.attempt.exposed]
    if exposed and leaked == exposed:
        return EXPOSED
    if len(leaked) == len(results):
        return ALL
    return word_of_ports(sorted({each.attempt.own_port for each in leaked}))


def observed_cells(
    matrix: ConnectionMatrix, results: Sequence[AttemptResult]
) -> Mapping[tuple[str, str], str]:
    """Return the cells of the table as observed; `UNJUDGED` where nothing was tried."""
    cells: dict[tuple[str, str], list[AttemptResult]] = {key: [] for key in matrix.cells}
    for each in results:
        cells[each.attempt.source, each.attempt.destination].append(each)
    return {key: cell_word(found) if found else UNJUDGED for key, found in cells.items()}


def markdown_table(matrix: ConnectionMatrix, cells: Mapping[tuple[str, str], str]) -> str:
    """Return the table with these cells, in Markdown."""
    rows = [["from", *matrix.destinations]]
    rows += [
        [source, *(cells[source, destination] for destination in matrix.destinations)]
        for source in matrix.sources
    ]
    rows.insert(1, ["---"] * len(rows[0]))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
