from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from local_postgres import LocalPostgres, programs
from memory import MemoryStore
from server_under_test import Service, serving

from checkout_backend.migrate import bundled, migrate
from checkout_backend.postgres import PostgresStore
from checkout_backend.store import Store

_POSTGRES = programs()
_BOTH = (
    pytest.param("memory"),
    pytest.param("postgres", marks=pytest.mark.postgres),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, and say so, what needs a PostgreSQL that this machine does not have."""
    if _POSTGRES is None:
        for item in items:
            if item.get_closest_marker("postgres"):
                item.add_marker(pytest.mark.skip(reason="PostgreSQL is not installed here"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[LocalPostgres]:
    """A PostgreSQL server with an empty database."""
    assert _POSTGRES is not None
    server = LocalPostgres(_POSTGRES)
    try:
        server.create()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def migrated(postgres: LocalPostgres) -> LocalPostgres:
    """A PostgreSQL server with today's schema."""
    migrate(postgres.config, bundled(), timeout=20)
    return postgres


@pytest.fixture(scope="module", params=_BOTH)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A storage, of each kind in turn."""
    if request.param == "memory":
        yield MemoryStore()
        return
    database: LocalPostgres = request.getfixturevalue("migrated")
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
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
