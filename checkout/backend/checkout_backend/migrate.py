"""Brings the database's schema up to date: `python -m checkout_backend.migrate`.

Safe to run from every pod at once and again and again: an advisory lock lets one work at a time,
and what was applied before is not applied again.
"""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import sys
import time
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from checkout_backend import signals

if __name__ == "__main__":
    signals.end_when_told()  # before all that takes long to import

import psycopg

from checkout_backend import logs
from checkout_backend.config import (
    BadConfiguration,
    load_database,
    load_level,
    load_migration_seconds,
)
from checkout_backend.postgres import parameters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from checkout_backend.config import DatabaseConfig

_LOCK_KEY = 0x636865636B6F7574  # "checkout"; any number that nobody else locks
_RETRY_SECONDS = 0.25
_KNOCK_SECONDS = 0.5
_log = logging.getLogger(__name__)


class MigrationFailed(Exception):
    """The message is one sentence: what is wrong, and what to do."""


@dataclass(frozen=True)
class Migration:
    """One file of SQL, applied as a whole or not at all."""

    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, to notice a file that was changed after it was applied."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def bundled() -> tuple[Migration, ...]:
    """Return the migrations of this version, in their order."""
    folder = resources.files("checkout_backend") / "migrations"
    files = sorted((file.name, file) for file in folder.iterdir() if file.name.endswith(".sql"))
    return tuple(Migration(name, file.read_text(encoding="utf-8")) for name, file in files)


def migrate(
    config: DatabaseConfig, migrations: Sequence[Migration], *, timeout: float
) -> tuple[str, ...]:
    """Apply what is missing and return its names.

    Waits up to `timeout` seconds for the database and as long for its turn. Raises
    `MigrationFailed`.
    """
    with _connect(config, time.monotonic() + timeout) as connection:
        try:
            # One who works longer than this is stuck, and its pod will be replaced.
            connection.execute(f"SET lock_timeout = {int(timeout * 1000)}")
            connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK_KEY,))
            connection.execute(
                "CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, "
                "checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
            )
            rows = connection.execute("SELECT name, checksum FROM schema_migrations").fetchall()
            applied: dict[str, str] = dict(rows)
            return tuple(
                migration.name
                for migration in migrations
                if _apply(connection, migration, applied.get(migration.name))
            )
        except psycopg.Error as error:
            raise MigrationFailed(
                f"The database refused a migration: {_words(error)}. "
                "Correct the file, or bring the schema to where the migration expects it."
            ) from error


def _apply(connection: psycopg.Connection, migration: Migration, known: str | None) -> bool:
    if known is not None:
        if known != migration.checksum:
            raise MigrationFailed(
                f"{migration.name} was changed after it had been applied: "
                "restore it, and put the change into a new file."
            )
        return False
    with connection.transaction():
        connection.execute(migration.sql.encode())
        connection.execute(
            "INSERT INTO schema_migrations (name, checksum) VALUES (%s, %s)",
            (migration.name, migration.checksum),
        )
    _log.info("migration applied", extra={"fields": {"migration": migration.name}})
    return True


def _connect(config: DatabaseConfig, deadline: float) -> psycopg.Connection:
    said = ""
    while True:
        try:
            # libpq waits 2 s or more for a server that says nothing, as where nobody is behind a
            # Service yet; who knocks again and again is there as soon as it opens.
            socket.create_connection((config.host, config.port), _KNOCK_SECONDS).close()
            # Each statement stands for itself, so that the lock outlives the migrations' own
            # transactions; it ends with the connection.
            return psycopg.connect(**parameters(config), autocommit=True)
        except (OSError, psycopg.OperationalError) as error:
            # Also a refused password: on the first start the role may not be there yet.
            if (words := _words(error)) != said:
                said = words
                _log.warning("waiting for the database", extra={"fields": {"reason": words}})
            if time.monotonic() + _RETRY_SECONDS > deadline:
                raise MigrationFailed(
                    f"The database at {config.host}:{config.port} cannot be used: {words}. "
                    "Check that it runs and that DATABASE_USER and DATABASE_PASSWORD are its own."
                ) from error
        time.sleep(_RETRY_SECONDS)


def _words(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")


def main(env: Mapping[str, str]) -> int:
    """Migrate the database that the environment names; return the exit code."""
    try:
        config = load_database(env)
        logs.configure(load_level(env), [config.password])
        done = migrate(config, bundled(), timeout=load_migration_seconds(env))
    except (BadConfiguration, MigrationFailed) as error:
        print(error, file=sys.stderr)
        return 1
    _log.info("schema is up to date", extra={"fields": {"applied": done}})
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
