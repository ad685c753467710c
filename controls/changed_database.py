"""Changes the database of the system by SQL, as its superuser, and changes it back afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.saboteur import psql

if TYPE_CHECKING:
    from controls.saboteur import Saboteur


def change_database(saboteur: Saboteur, *statements: str, undo: tuple[str, ...]) -> None:
    """Run each statement in a transaction of its own; `undo` is run in its order afterwards."""
    name = saboteur.system.workloads.database
    server = ("exec", f"statefulset/{name}", f"--container={name}", "--")
    for statement in reversed(undo):  # the last one that is registered is run first
        saboteur.afterwards(*server, *psql(statement))
    for statement in statements:
        saboteur.kubectl(*server, *psql(statement))
