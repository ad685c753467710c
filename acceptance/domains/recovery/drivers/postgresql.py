"""Lists and renames the databases of a PostgreSQL server, and deletes a checkout as SQL would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.drivers.database import execute_sql

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.contract import Contract

_MAINTENANCE = "postgres"
"""The database to connect to for statements about databases; it is no data of the system."""
_NAMES = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'"


@dataclass(frozen=True)
class PostgresqlServer:
    """The PostgreSQL server in a container; each call is one `kubectl exec`.

    All methods raise `EnvironmentFailure` with the server's message if a statement fails, or takes
    over `timeout` seconds.
    """

    kubeconfig: Path
    context: str
    namespace: str
    pod: str
    container: str
    contract: Contract
    timeout: float

    def databases(self) -> tuple[str, ...]:
        """Return the names of all databases but the server's own."""
        return self._execute(_NAMES, _MAINTENANCE)

    def drop(self, name: str) -> None:
        """Drop a database, and end its connections."""
        self._execute(f'DROP DATABASE "{name}" WITH (FORCE)', _MAINTENANCE)

    def rename(self, old: str, new: str) -> None:
        """Rename a database."""
        self._execute(f'ALTER DATABASE "{old}" RENAME TO "{new}"', _MAINTENANCE)

    def allow_connections(self, name: str) -> None:
        """Open a database to connections; no harm if it is open."""
        self._execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true', _MAINTENANCE)

    def delete_checkout(self, checkout_id: str) -> tuple[str, ...]:
        """Delete a checkout of the system with all that belongs to it; return the deleted ids."""
        name = f"'{checkout_id}'"
        payments, checkouts = map(self.contract.part, ("database.payments", "database.checkouts"))
        return self._execute(
            f"DELETE FROM {payments} WHERE checkout_id = {name}; "  # noqa: S608 - the service's own id
            f"DELETE FROM {checkouts} WHERE id = {name} RETURNING id"
        )

    def _execute(self, statement: str, database: str = "") -> tuple[str, ...]:
        return execute_sql(
            self.kubeconfig,
            self.context,
            self.namespace,
            self.pod,
            statement,
            container=self.container,
            database=database,
            contract=self.contract,
            timeout=self.timeout,
        )
