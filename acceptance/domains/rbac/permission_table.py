"""Reads the permission table: who may do what, as the feature of TASK-002-AC-2 states it.

Its rows are the only place where permissions are written for people; `docs/security/roles.md` is
made from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from collections.abc import Sequence

EVERYBODY = "everybody"
ANONYMOUS = "anonymous"
EVERY_SERVICE_ACCOUNT = "every service account"
SERVICE_ACCOUNT = "service account "
ROLE = "role "
USER = "user "
GROUP = "group "
ADD_ON = "add-on "
NOTHING = "nothing else"
HERE = "here"
EVERYWHERE = "everywhere"
COLUMNS = ("who", "may", "on", "where")
_CLASSES = (EVERYBODY, ANONYMOUS, EVERY_SERVICE_ACCOUNT)
_NAMED = (SERVICE_ACCOUNT, ROLE, USER, GROUP)
_IN = "in "


@dataclass(frozen=True)
class PermissionGrant:
    """One row of the table."""

    who: str
    """`everybody`, `anonymous`, `every service account`, `service account NAME`, `role NAME`, `user
    NAME` or `group NAME`; the account of another namespace is `service account NAMESPACE/NAME`."""
    verbs: tuple[str, ...]
    """Verbs of the Kubernetes API; none if nothing is granted beyond what everybody has."""
    resources: tuple[str, ...]
    """`pods`, `pods/log`, `secrets(NAME)` for one object, `events.events.k8s.io` where several API
    groups have the name, a path such as `/version`, or `*` for everything."""
    where: tuple[str, ...]
    """`here` for the namespace of the system, `everywhere`, or names of namespaces; empty where
    nothing is granted."""
    at_most: bool = False
    """Whether it is the row of an add-on: who need not be there, and may have less."""


def read_grants(rows: Sequence[Sequence[str]]) -> tuple[PermissionGrant, ...]:
    """Return the rows of a table; its first row holds the names of the columns.

    Raises `BrokenInput` for a table without rows, and for a row that is none of a grant.
    """
    if not rows or tuple(rows[0]) != COLUMNS:
        raise BrokenInput(f"The permission table needs the columns {', '.join(COLUMNS)}.")
    if not rows[1:]:
        raise BrokenInput("The permission table has no row. Try: git diff features")
    return tuple(_grant(row) for row in rows[1:])


def _grant(row: Sequence[str]) -> PermissionGrant:
    who, may, on, where = row
    subject, add_on = who.removeprefix(ADD_ON), who.startswith(ADD_ON)
    known = (subject in _CLASSES and not add_on) or subject.startswith(_NAMED)
    verbs, resources, places = _listed(may), _listed(on), _places(where)
    if known and may == NOTHING and not resources and not where:
        return PermissionGrant(subject, (), (), (), add_on)
    if known and verbs and resources and places:
        return PermissionGrant(subject, verbs, resources, places, add_on)
    raise BrokenInput(f"The permission table has an unknown kind of row: {' | '.join(row)}")


def _places(where: str) -> tuple[str, ...]:
    if where in {HERE, EVERYWHERE}:
        return (where,)
    return _listed(where.removeprefix(_IN)) if where.startswith(_IN) else ()


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part for each in text.split(",") if (part := each.strip()))
