from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from memory import MemoryStore
from postgres_server import PostgresServer, choose, free_port
from server_under_test import Service, serving

from checkout_backend.migrate import bundled, migrate
from checkout_backend.postgres import PostgresStore
from checkout_backend.store import Store

_POSTGRES = choose()
_BOTH = (
    pytest.param("memory"),
    pytest.param("postgres", marks=pytest.mark.postgres),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, and say so, what needs a PostgreSQL that this machine does not have."""
    if _POSTGRES is None:
        for item in items:
            if item.get_closest_marker("postgres"):
                item.add_marker(
                    pytest.mark.skip(reason="there is no PostgreSQL and no Docker here")
                )


@pytest.fixture(scope="session")
def new_server() -> Iterator[Callable[[], PostgresServer]]:
    """Makes servers, which all end with the session."""
    assert _POSTGRES is not None
    with ExitStack() as stack:

        def make() -> PostgresServer:
            assert _POSTGRES is not None
            server = _POSTGRES()
            stack.callback(server.remove)
            server.create()
            return server

        yield make


@pytest.fixture(scope="session")
def postgres(
    new_server: Callable[[], PostgresServer],
    record_testsuite_property: Callable[[str, object], None],
) -> PostgresServer:
    """A PostgreSQL server with an empty database; the report of the suite names it."""
    server = new_server()
    record_testsuite_property("database", server.version())
    return server


@pytest.fixture(scope="session")
def migrated(postgres: PostgresServer) -> PostgresServer:
    """A PostgreSQL server with today's schema."""
    migrate(postgres.config, bundled(), timeout=20)
    return postgres


@pytest.fixture(scope="module", params=_BOTH)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A storage, of each kind in turn."""
    if request.param == "memory":
        yield MemoryStore()
        return
    database: PostgresServer = request.getfixturevalue("migrated")
    found = PostgresStore(database.config, size=8)
    found.open()
    yield found
    found.close()


@pytest.fixture(scope="module")
def service(store: Store) -> Iterator[Service]:
    """A running service over each kind of storage."""
    with serving(store) as running:
        yield running


@pytest.fixture(scope="module")
def memory() -> MemoryStore:
    """A storage that does as it is told; put it back as you found it."""
    return MemoryStore()


@pytest.fixture(scope="module")
def pure(memory: MemoryStore) -> Iterator[Service]:
    """A running service over a storage in memory."""
    with serving(memory) as running:
        yield running


@pytest.fixture
def unused_port() -> int:
    """A port of this machine on which nobody listens."""
    return free_port()
