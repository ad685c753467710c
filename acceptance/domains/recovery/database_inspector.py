"""Takes an inventory of the database, and checks that everything in it is there again."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.recovery.drivers.database_inventory import read_inventory
from acceptance.domains.recovery.inventory_comparison import differences, empty_tables
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require

if TYPE_CHECKING:
    from acceptance.domains.recovery.drivers.database_inventory import DatabaseInventory


class DatabaseInspector(ClusterActor):
    """Compares what is in the database with what was in it; nobody may write meanwhile."""

    def take_inventory(self) -> DatabaseInventory:
        """Return everything in the database, each of whose tables has to have rows.

        Raises `Unverifiable` otherwise: where nothing is, nothing can be lost.
        """
        inventory = self._read("Inventory of the database before")
        if not inventory.tables:
            raise Unverifiable("The database has no table, so the system keeps its data elsewhere.")
        empty = empty_tables(inventory)
        if empty:
            message = f"No visitor has written into {listed(empty)}, so its loss would not be seen."
            raise Unverifiable(message)
        return inventory

    def assert_as_before(self, before: DatabaseInventory) -> None:
        """All rows, sequences, objects, grants, roles and settings are what they were."""
        found = differences(before, self._read("Inventory of the database after"))
        self._keep("What is different in the database", pretty(found))
        require(not found, f"The database is not what it was: {listed(found)}.")

    def _read(self, title: str) -> DatabaseInventory:
        inventory = read_inventory(lambda sql: self._sql(sql, timeout=self._timeouts.execute))
        self._keep(title, pretty(asdict(inventory)))
        return inventory
