"""Reaches the database in its pod: by a forwarded port, and as its superuser."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.drivers import database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.settings import Timeouts
    from acceptance.system import System

_SESSIONS = (
    "SELECT DISTINCT host(client_addr) || ' ' || usename FROM pg_stat_activity "
    "WHERE backend_type = 'client backend' AND client_addr IS NOT NULL"
)


@dataclass(frozen=True)
class DatabaseSession:
    """Who is logged in to the database, and from where."""

    address: str
    role: str


@dataclass(frozen=True)
class DatabasePod:
    """A ready pod of the database."""

    system: System
    name: str
    container: str
    port: int
    timeouts: Timeouts

    @contextmanager
    def forwarded(self) -> Iterator[int]:
        """Give a local port that leads to the database. Raises `EnvironmentFailure`."""
        where = (Path(self.system.kubeconfig), self.system.context, self.system.namespace)
        with database.forwarded(*where, self.name, self.port, timeout=self.timeouts.query) as local:
            yield local

    def sessions(self) -> tuple[DatabaseSession, ...]:
        """Return the sessions of clients that came over the network.

        Raises `EnvironmentFailure`.
        """
        found = (line.partition(" ") for line in self.query(_SESSIONS))
        return tuple(DatabaseSession(address, role) for address, _, role in found)

    def query(self, statement: str) -> tuple[str, ...]:
        """Return the lines of the result of SQL, which the superuser runs.

        Raises `EnvironmentFailure`.
        """
        return database.execute_sql(
            Path(self.system.kubeconfig),
            self.system.context,
            self.system.namespace,
            self.name,
            statement,
            container=self.container,
            contract=self.system.contract,
            timeout=self.timeouts.execute,
        )


def find_database_pod(
    cluster: Kubernetes, system: System, timeouts: Timeouts
) -> DatabasePod | None:
    """Return a ready pod of the system's database; None if there is none. Raises `Refused`."""
    workload = system.workloads.database
    pods = [pod for pod in cluster.pods(system.namespace, workload) if pod.serving]
    if not pods:
        return None
    container = pods[0].main.name
    port = cluster.container_port(system.namespace, workload)
    return DatabasePod(system, pods[0].name, container, port, timeouts)
