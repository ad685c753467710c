"""Who may do what: the table that the feature of TASK-002-AC-2 states and proves.

Its rows are the only place where rights are written for people; documentation is made from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from gherkin.parser import Parser

from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

Place: TypeAlias = Literal["here", "everywhere", ""]
"""`here`: in the namespace of the system. Empty where nothing is granted."""

EVERYBODY = "everybody"
EVERY_SERVICE_ACCOUNT = "every service account"
SERVICE_ACCOUNT = "service account "
ROLE = "role "
NOTHING = "nothing else"
COLUMNS = ("who", "may", "on", "where")
_PLACES = ("here", "everywhere")


@dataclass(frozen=True)
class Grant:
    """A row of the table."""

    who: str
    """`everybody`, `every service account`, `service account NAME` or `role NAME`."""
    verbs: tuple[str, ...]
    """Of the Kubernetes API; empty if nothing is granted beside what everybody has."""
    resources: tuple[str, ...]
    """As `pods`, `pods/log`, `secrets(NAME)` for one object, `events.events.k8s.io` where the name
    alone could mean another group's, and `/version` for a path that is no resource."""
    where: Place


def grants_of(rows: Sequence[Sequence[str]]) -> tuple[Grant, ...]:
    """Return the rows of a table, of which the first has the names of the columns.

    Raises `BrokenInput` for a row that says nothing, or in other words than `Grant` knows.
    """
    if not rows or tuple(rows[0]) != COLUMNS:
        raise BrokenInput(f"The table of rights needs the columns {', '.join(COLUMNS)}.")
    if not rows[1:]:
        raise BrokenInput("The table of rights has no row. Try: git diff features")
    return tuple(_grant(row) for row in rows[1:])


def read_access_table(root: Path) -> tuple[Grant, ...]:
    """Return the table of the features of the repository `root`.

    Raises `BrokenInput` if there is none or it cannot be read.
    """
    for path in sorted((root / "features").glob("*/*.feature")):
        document = cast("dict[str, Any]", Parser().parse(path.read_text(encoding="utf-8")))
        for table in _tables(document):
            if tuple(table[0]) == COLUMNS:
                return grants_of(table)
    raise BrokenInput(f"No feature below {root / 'features'} has a table of rights.")


def _grant(row: Sequence[str]) -> Grant:
    who, may, on, where = row
    known = who in {EVERYBODY, EVERY_SERVICE_ACCOUNT} or who.startswith((SERVICE_ACCOUNT, ROLE))
    verbs, resources = _listed(may), _listed(on)
    if known and may == NOTHING and not resources and not where:
        return Grant(who, (), (), "")
    if known and verbs and resources and where in _PLACES:
        return Grant(who, verbs, resources, cast("Place", where))
    raise BrokenInput(f"The table of rights has a row that nobody can read: {' | '.join(row)}")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part for each in text.split(",") if (part := each.strip()))


def _tables(node: object) -> Iterator[list[list[str]]]:
    """Yield every table of a step, however deep."""
    if isinstance(node, list):
        for each in node:
            yield from _tables(each)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "dataTable":
                yield [[cell["value"] for cell in row["cells"]] for row in value["rows"]]
            else:
                yield from _tables(value)
