from __future__ import annotations

import json
import logging
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from postgres_server import PASSWORD, PostgresServer

from checkout_backend import domain
from checkout_backend.config import DatabaseConfig
from checkout_backend.migrate import Migration, MigrationFailed, bundled, main, migrate


@pytest.fixture
def empty(postgres: PostgresServer) -> Iterator[DatabaseConfig]:
    """A database of its own, without a schema."""
    with postgres.connect(dbname="postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE empty")
    yield replace(postgres.config, name="empty")
    with postgres.connect(dbname="postgres", autocommit=True) as connection:
        connection.execute("DROP DATABASE empty")


@pytest.fixture
def own_logging() -> Iterator[None]:
    """What is done to logging in a test is undone."""
    root = logging.getLogger()
    kept = root.handlers, root.level
    yield
    root.handlers, root.level = kept


def tables(postgres: PostgresServer) -> set[str]:
    """Return the names of the tables in the empty database."""
    with postgres.connect(dbname="empty") as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {name for (name,) in rows}


def test_migrations_are_numbered_without_a_gap() -> None:
    """Their order is their names' order."""
    names = [migration.name for migration in bundled()]
    assert names
    for number, name in enumerate(names, start=1):
        assert re.fullmatch(rf"{number:04}_[a-z_]+\.sql", name)


def test_the_schema_has_the_limits_of_the_domain() -> None:
    """They are written twice, and must not drift apart."""
    text = "".join(migration.sql for migration in bundled())
    assert f"char_length(customer) BETWEEN 1 AND {domain.MAX_NAME})" in text
    assert f"char_length(sku) BETWEEN 1 AND {domain.MAX_SKU})" in text
    assert f"quantity BETWEEN 1 AND {domain.MAX_QUANTITY})" in text
    assert f"unit_price_cents BETWEEN 0 AND {domain.MAX_UNIT_PRICE_CENTS})" in text


@pytest.mark.postgres
def test_migrating_again_changes_nothing(postgres: PostgresServer, empty: DatabaseConfig) -> None:
    """Each restart of a pod does it."""
    names = tuple(migration.name for migration in bundled())
    assert migrate(empty, bundled(), timeout=10) == names
    assert migrate(empty, bundled(), timeout=10) == ()
    assert tables(postgres) == {"checkouts", "items", "payments", "schema_migrations"}


@pytest.mark.postgres
def test_many_pods_at_once_migrate_once(empty: DatabaseConfig) -> None:
    """A rollout starts several; one works, the others find it done."""
    with ThreadPoolExecutor(6) as pods:
        done = list(pods.map(lambda _: migrate(empty, bundled(), timeout=20), range(6)))
    assert sorted(done) == [()] * 5 + [tuple(migration.name for migration in bundled())]


@pytest.mark.postgres
def test_only_what_is_new_is_applied(postgres: PostgresServer, empty: DatabaseConfig) -> None:
    """A later version brings one more file; an earlier one that knows less changes nothing."""
    migrate(empty, bundled(), timeout=10)
    more = Migration("0099_more.sql", "CREATE TABLE more (id int); CREATE TABLE other (id int);")
    assert migrate(empty, (*bundled(), more), timeout=10) == ("0099_more.sql",)
    assert {"more", "other"} <= tables(postgres)
    assert migrate(empty, bundled(), timeout=10) == ()


@pytest.mark.postgres
def test_a_migration_that_fails_leaves_nothing_of_itself(
    postgres: PostgresServer, empty: DatabaseConfig
) -> None:
    """And what came before it stays; corrected, it goes on from there."""
    good = Migration("0001_a.sql", "CREATE TABLE a (id int);")
    bad = Migration("0002_b.sql", "CREATE TABLE b (id int); CREATE TABLE a (id int);")
    with pytest.raises(MigrationFailed, match=r'refused a migration: .*"a" already exists'):
        migrate(empty, (good, bad), timeout=10)
    assert tables(postgres) == {"a", "schema_migrations"}
    corrected = replace(bad, sql="CREATE TABLE b (id int);")
    assert migrate(empty, (good, corrected), timeout=10) == ("0002_b.sql",)


@pytest.mark.postgres
def test_a_migration_that_was_changed_is_refused(empty: DatabaseConfig) -> None:
    """The schema that it made would differ from machine to machine."""
    first = Migration("0001_a.sql", "CREATE TABLE a (id int);")
    migrate(empty, (first,), timeout=10)
    with pytest.raises(MigrationFailed, match=r"^0001_a\.sql was changed after"):
        migrate(empty, (replace(first, sql="CREATE TABLE a (id bigint);"),), timeout=10)


@pytest.mark.postgres
def test_who_waits_too_long_for_its_turn_gives_up(
    postgres: PostgresServer, empty: DatabaseConfig
) -> None:
    """With a message, instead of a pod that never starts and never says why."""
    with postgres.connect(dbname="empty") as other:
        other.execute("SELECT pg_advisory_lock(%s)", (0x636865636B6F7574,))
        with pytest.raises(MigrationFailed, match="lock timeout"):
            migrate(empty, bundled(), timeout=1)


@pytest.mark.postgres
def test_a_database_that_comes_late_is_waited_for(
    postgres: PostgresServer, empty: DatabaseConfig
) -> None:
    """All pods of a system start together."""
    postgres.stop()
    with ThreadPoolExecutor(1) as pod:
        waiting = pod.submit(migrate, empty, bundled(), timeout=20)
        time.sleep(0.7)
        postgres.start()
        assert len(waiting.result()) == len(bundled())


@pytest.mark.postgres
def test_a_server_that_was_silent_is_found_soon(empty: DatabaseConfig) -> None:
    """What a silent address swallowed is not waited for: the kernel repeats it after seconds."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        place = silent.getsockname()
        full = [socket.socket() for _ in range(2)]  # its queue: whoever comes next is not answered
        for each in full:
            each.settimeout(0)
            each.connect_ex(place)
        config = replace(empty, host=place[0], port=place[1])
        started = time.monotonic()
        with pytest.raises(MigrationFailed, match="cannot be used: timed out"):
            migrate(config, bundled(), timeout=0.1)
        assert time.monotonic() - started < 1.5
        for each in full:
            each.close()


@pytest.mark.usefixtures("own_logging")
def test_a_database_that_never_comes_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    """One sentence and an exit code, after the time that was set; without the password."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    env = {
        "DATABASE_HOST": "127.0.0.1",
        "DATABASE_PORT": str(port),
        "DATABASE_NAME": "checkout",
        "DATABASE_USER": "checkout",
        "DATABASE_PASSWORD": PASSWORD,
        "MIGRATION_WAIT_SECONDS": "1",
    }
    started = time.monotonic()
    assert main(env) == 1
    assert time.monotonic() - started < 5
    shown = capfd.readouterr()
    assert shown.err.count("\n") == 1
    assert f"The database at 127.0.0.1:{port} cannot be used" in shown.err
    assert PASSWORD not in shown.err + shown.out
    assert json.loads(shown.out.splitlines()[0])["event"] == "waiting for the database"
