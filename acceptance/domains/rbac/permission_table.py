"""Reads the permission table: who may do what, as the feature of TASK-002-AC-2 states it.

Its rows are the only place where permissions are written for people; `docs/security/roles.md` is
made from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from collections.abc import Sequence

Scope: TypeAlias = Literal["here", "everywhere", ""]
"""`here`: in the namespace of the system. Empty where nothing is granted."""

EVERYBODY = "everybody"
EVERY_SERVICE_ACCOUNT = "every service account"
SERVICE_ACCOUNT = "service account "
ROLE = "role "
NOTHING = "nothing else"
COLUMNS = ("who", "may", "on", "where")
_SCOPES = ("here", "everywhere")


@dataclass(frozen=True)
class PermissionGrant:
    """One row of the table."""

    who: str
    """`everybody`, `every service account`, `service account NAME` or `role NAME`; the account of
    another namespace is `service account NAMESPACE/NAME`."""
    verbs: tuple[str, ...]
    """Verbs of the Kubernetes API; none if nothing is granted beyond what everybody has."""
    resources: tuple[str, ...]
    """`pods`, `pods/log`, `secrets(NAME)` for one object, `events.events.k8s.io` where several API
    groups have the name, or a path such as `/version`."""
    where: Scope


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
    known = who in {EVERYBODY, EVERY_SERVICE_ACCOUNT} or who.startswith((SERVICE_ACCOUNT, ROLE))
    verbs, resources = _listed(may), _listed(on)
    if known and may == NOTHING and not resources and not where:
        return PermissionGrant(who, (), (), "")
    if known and verbs and resources and where in _SCOPES:
        return PermissionGrant(who, verbs, resources, cast("Scope", where))
    raise BrokenInput(f"The permission table has an unknown kind of row: {' | '.join(row)}")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part for each in text.split(",") if (part := each.strip()))
