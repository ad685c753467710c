from __future__ import annotations

import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from postgres_server import PostgresServer
from server_under_test import Service, problem, serving

from checkout_backend.domain import Checkout
from checkout_backend.migrate import bundled, migrate
from checkout_backend.postgres import PostgresStore
from checkout_backend.store import Session, Unavailable

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def own(new_server: Callable[[], PostgresServer]) -> PostgresServer:
    """A server that nobody else uses, so that it can be taken away."""
    server = new_server()
    migrate(server.config, bundled(), timeout=20)
    return server


@pytest.fixture
def backend(own: PostgresServer) -> Iterator[Service]:
    """A service over that server."""
    store = PostgresStore(own.config, size=4)
    store.open()
    with serving(store) as running:
        yield running
    store.close()


def _twice(session: Session, checkout: Checkout) -> None:
    session.add(checkout)
    session.add(checkout)


def until_ready(backend: Service) -> float:
    """Probe as the cluster does until the service is ready; return the seconds that it took."""
    started = time.monotonic()
    while backend.client.get("/readyz").status_code != 200:
        assert time.monotonic() - started < 15, "the service does not recover"
        time.sleep(0.2)
    return time.monotonic() - started


def test_a_cut_connection_costs_no_request(own: PostgresServer, backend: Service) -> None:
    """After a restart of the database every connection in the pool is dead; nobody notices."""
    checkout = backend.create()
    own.stop()
    own.start()
    assert backend.client.get("/api/checkouts").status_code == 200
    assert backend.read(checkout) == checkout


def test_it_recovers_by_itself(own: PostgresServer, backend: Service) -> None:
    """Away for longer than the pool tries to connect, and back: soon ready, without a restart."""
    checkout = backend.create()
    own.stop()
    try:
        deadline = time.monotonic() + 2.5
        while time.monotonic() < deadline:
            started = time.monotonic()
            problem(backend.client.get("/readyz"), 503)
            problem(backend.client.get("/api/checkouts"), 503)
            assert time.monotonic() - started < 6, "a request hung"
            assert backend.client.get("/healthz").status_code == 200
    finally:
        own.start()
    assert until_ready(backend) < 5
    assert backend.read(checkout) == checkout


def test_a_server_that_falls_silent_hangs_nobody(own: PostgresServer, backend: Service) -> None:
    """Its address still answers, its processes do not: every request still ends in time."""
    backend.create()
    own.signal(signal.SIGSTOP)
    try:
        for path in ("/readyz", "/api/checkouts"):
            started = time.monotonic()
            problem(backend.client.get(path), 503)
            assert time.monotonic() - started < 6, f"{path} hung"
    finally:
        own.signal(signal.SIGCONT)
    until_ready(backend)
    assert backend.client.get("/api/checkouts").status_code == 200


def test_a_row_that_somebody_locks_hangs_nobody(own: PostgresServer, backend: Service) -> None:
    """The request is given up, and works when the lock is gone."""
    checkout = backend.create()
    with own.connect() as other:
        other.execute("SELECT FROM checkouts WHERE id = %s FOR UPDATE", (checkout["id"],))
        started = time.monotonic()
        problem(backend.cancel(checkout), 503)
        assert time.monotonic() - started < 4
    assert backend.cancel(checkout).status_code == 200


def test_a_busy_pool_refuses_and_probes_are_still_answered(
    own: PostgresServer, backend: Service
) -> None:
    """More visitors than connections wait their turn; the process stays alive to its probe."""
    checkout = backend.create()
    threads = [threading.Thread(target=lambda: backend.cancel(checkout)) for _ in range(60)]
    with own.connect() as other:
        other.execute("SELECT FROM checkouts WHERE id = %s FOR UPDATE", (checkout["id"],))
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        assert backend.client.get("/healthz").status_code == 200
        assert any(thread.is_alive() for thread in threads), "the probe has waited for its turn too"
    for thread in threads:
        thread.join()
    until_ready(backend)
    assert backend.read(checkout)["status"] == "cancelled"


def test_a_failed_transaction_writes_nothing(own: PostgresServer) -> None:
    """All of it or none."""
    store = PostgresStore(own.config, size=1)
    store.open()
    try:
        with own.connect() as connection:
            before = connection.execute("SELECT count(*) FROM checkouts").fetchone()
        added = Checkout(uuid.uuid4(), "Nobody", datetime.now(UTC))
        with pytest.raises(psycopg.errors.UniqueViolation), store.session() as session:
            _twice(session, added)
        with own.connect() as connection:
            assert connection.execute("SELECT count(*) FROM checkouts").fetchone() == before
    finally:
        store.close()


def test_a_wrong_password_is_unavailable_and_not_shown(own: PostgresServer) -> None:
    """Neither in the error nor in what the error was made of."""
    config = type(own.config)("127.0.0.1", own.port, "checkout", "checkout", "wrong-secret")
    store = PostgresStore(config, size=1)
    store.open()
    try:
        with pytest.raises(Unavailable) as caught:
            store.ping()
        assert "wrong-secret" not in repr(caught.value) + repr(caught.value.__cause__)
    finally:
        store.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE checkouts SET status = 'lost'",
        "UPDATE checkouts SET customer = ''",
        "UPDATE items SET quantity = 0",
        "UPDATE items SET unit_price_cents = -1",
    ],
)
def test_the_schema_refuses_what_the_domain_refuses(
    own: PostgresServer, backend: Service, statement: str
) -> None:
    """Somebody will write to it by hand."""
    backend.add(backend.create())
    with own.connect() as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(statement.encode())
