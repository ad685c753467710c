"""The cells of the table of connections as requests, and what became of them as cells again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.network.drivers import Target, greeting
from acceptance.domains.network.drivers.sender import REACHED
from acceptance.domains.network.matrix import ALL, NONE, OWN, UNJUDGED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.domains.network.drivers import Door
    from acceptance.domains.network.matrix import Matrix


@dataclass(frozen=True)
class Request:
    """One knock at one door."""

    source: str
    destination: str
    host: str
    door: Door
    own: bool
    """The destination is there to be reached at this door."""
    watcher: str = ""
    """The probe that sees it arrive; empty if the outside does."""
    socket_port: int = 0
    """Where the watcher does not take it itself: the port of the connection on its network."""
    shown: str = ""
    """The door as the destination has it, if it is reached through another one."""
    payload: str = ""
    """What to say, in hexadecimal; empty for the request's own token."""

    def target(self, token: str) -> Target:
        """Return where to send it."""
        said = self.payload or greeting(token)
        return Target(self.door.protocol, self.host, self.door.port, said)

    def __str__(self) -> str:
        """Say who wants to go where."""
        return f"{self.source} → {self.destination} ({self.shown or self.door})"


@dataclass(frozen=True)
class Outcome:
    """What became of a request, on both sides."""

    request: Request
    said: str
    """What the source met."""
    arrived: bool | None
    """Whether it was seen to arrive; None where nobody can look."""

    @property
    def reached(self) -> bool:
        """The source got an answer."""
        return self.said == REACHED

    @property
    def made(self) -> bool:
        """It went the whole way, as far as anybody can see."""
        return self.reached and self.arrived is not False

    @property
    def trace(self) -> bool:
        """Something of it got through, be it an answer or only a packet that arrived."""
        return self.reached or bool(self.arrived)

    def __str__(self) -> str:
        """Say it on both sides."""
        there = {True: "it arrived", False: "nothing arrived", None: "nobody could look"}
        return f"{self.request}: {self.said}, {there[self.arrived]}"


def allowed(matrix: Matrix, request: Request) -> bool | None:
    """Return whether the table wants a request to get through; None if it does not say."""
    word = matrix.cells[request.source, request.destination]
    if word == UNJUDGED:
        return None
    return word == ALL or (word == OWN and request.own)


def word_of(outcomes: Sequence[Outcome]) -> str:
    """Return what a cell has to say for these outcomes; the doors where it has no word for it."""
    reached = [each for each in outcomes if each.trace]
    if not reached:
        return NONE
    own = [each for each in outcomes if each.request.own]
    if own and reached == own:
        return OWN
    if len(reached) == len(outcomes):
        return ALL
    return " ".join(each.request.shown or str(each.request.door) for each in reached)


def observed(matrix: Matrix, outcomes: Sequence[Outcome]) -> Mapping[tuple[str, str], str]:
    """Return the table as it was seen; `UNJUDGED` where nothing was tried."""
    cells: dict[tuple[str, str], list[Outcome]] = {key: [] for key in matrix.cells}
    for each in outcomes:
        cells[each.request.source, each.request.destination].append(each)
    return {key: word_of(found) if found else UNJUDGED for key, found in cells.items()}


def drawn(matrix: Matrix, cells: Mapping[tuple[str, str], str]) -> str:
    """Return a table for people, in Markdown."""
    rows = [["from", *matrix.destinations]]
    rows += [
        [source, *(cells[source, destination] for destination in matrix.destinations)]
        for source in matrix.sources
    ]
    rows.insert(1, ["---"] * len(rows[0]))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
