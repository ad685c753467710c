"""A PostgreSQL of the tests' own in a container, which vanishes with it."""

from __future__ import annotations

import signal
from typing import Any

from postgres_server import PASSWORD, PostgresServer
from testcontainers.community.postgres import PostgresContainer

IMAGE = "docker.io/library/postgres:15-bookworm"
"""The version that the system's own image has."""

_STOP_SECONDS = 20


class ContainerPostgres(PostgresServer):
    """A server from the official image."""

    def __init__(self) -> None:
        """Prepare the container; nothing is started yet."""
        super().__init__()
        self._container = PostgresContainer(
            IMAGE, username="checkout", password=PASSWORD, dbname="checkout", driver=None
        )
        # A port of our choice: Docker would take another one whenever the container is started.
        self._container.with_bind_ports(5432, self.port)
        self._container.with_command("postgres -c fsync=off -c max_connections=40")

    @property
    def _docker(self) -> Any:  # noqa: ANN401 (docker has no types)
        return self._container.get_wrapped_container()

    def create(self) -> None:
        """Fetch the image if it is not there, and start."""
        self._container.start()
        self.await_answer()

    def start(self) -> None:
        """Start the container again and wait until it lets us in."""
        self._docker.start()
        self.await_answer()

    def signal(self, number: int) -> None:
        """Freeze or thaw the container: all of its processes at once."""
        if number == signal.SIGSTOP:
            self._docker.pause()
        else:
            self._docker.unpause()

    def stop(self) -> None:
        """Stop by the signal that the image names: PostgreSQL's fast shutdown."""
        self._docker.stop(timeout=_STOP_SECONDS)

    def remove(self) -> None:
        """Remove the container and its volume."""
        self._container.stop()

    def complaint(self) -> str:
        """Return what the server wrote."""
        return bytes(self._docker.logs()).decode("utf-8", "replace")

    def ended(self) -> bool:
        """Say whether the container is not running any more."""
        self._docker.reload()
        return bool(self._docker.status == "exited")
