"""What the tests need of a PostgreSQL, wherever it runs; and the choice of where."""

from __future__ import annotations

import os
import socket
import time
from abc import ABC, abstractmethod
from pathlib import Path

import psycopg

from checkout_backend.config import DatabaseConfig

PASSWORD = "only for the tests"
_START_SECONDS = 30.0


def free_port() -> int:
    """Return a port of this machine on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class PostgresServer(ABC):
    """A server that can be stopped, started, and made to fall silent."""

    def __init__(self) -> None:
        """Choose the port; it stays the same when the server is started again."""
        self.port = free_port()

    @abstractmethod
    def create(self) -> None:
        """Make an empty database `checkout` and start."""

    @abstractmethod
    def start(self) -> None:
        """Start the server and wait until it lets us in."""

    @abstractmethod
    def signal(self, number: int) -> None:
        """Send SIGSTOP or SIGCONT to the server and to each of its processes."""

    @abstractmethod
    def stop(self) -> None:
        """Stop at once and cleanly; every client is cut off."""

    @abstractmethod
    def remove(self) -> None:
        """Stop, and leave nothing behind."""

    @abstractmethod
    def complaint(self) -> str:
        """Return what the server wrote."""

    @abstractmethod
    def ended(self) -> bool:
        """Say whether the server is not there any more."""

    def await_answer(self) -> None:
        """Wait until the server lets us in."""
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                self.connect(dbname="postgres").close()
            except psycopg.OperationalError:
                assert not self.ended(), self.complaint()
                assert time.monotonic() < deadline, self.complaint()
                time.sleep(0.05)
            else:
                return

    def create_database(self) -> None:
        """Make the empty database."""
        with self.connect(dbname="postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE checkout")

    def version(self) -> str:
        """Return what the server calls itself, and where it runs."""
        with self.connect() as connection:
            row = connection.execute("SELECT version()").fetchone()
        assert row is not None
        return f"{row[0]} ({type(self).__name__})"

    def connect(self, *, dbname: str = "checkout", autocommit: bool = False) -> psycopg.Connection:
        """Connect as the owner of the database."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="checkout",
            password=PASSWORD,
            dbname=dbname,
            autocommit=autocommit,
            connect_timeout=5,
        )

    @property
    def config(self) -> DatabaseConfig:
        """How the service reaches the server."""
        return DatabaseConfig("127.0.0.1", self.port, "checkout", "checkout", PASSWORD)


def docker_answers() -> bool:
    """Say whether there is a Docker API that does what it is asked."""
    if not os.environ.get("DOCKER_HOST") and not Path("/var/run/docker.sock").exists():
        return False
    # Only now: it takes its time, and most machines of developers lack the API.
    import docker  # type: ignore[import-untyped]  # noqa: PLC0415

    try:
        client = docker.from_env(timeout=5)
        try:
            return bool(client.ping())
        finally:
            client.close()
    except docker.errors.DockerException:
        return False


def choose() -> type[PostgresServer] | None:
    """Return the kind of server that this machine can run; None if it can run none."""
    if docker_answers():
        from container_postgres import ContainerPostgres  # noqa: PLC0415 - only where it is used

        return ContainerPostgres
    from local_postgres import LocalPostgres, programs  # noqa: PLC0415 - the same

    return LocalPostgres if programs() else None
