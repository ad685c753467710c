"""Checkouts in PostgreSQL, through a pool that finds back by itself.

No call hangs: connecting, waiting for a free connection and every statement have a deadline.
"""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from opentelemetry.trace import NoOpTracer
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from checkout_backend.database_spans import DatabaseSpans
from checkout_backend.domain import Checkout, Item, Payment, Status
from checkout_backend.store import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from opentelemetry.trace import Tracer
    from psycopg.abc import PQGen

    from checkout_backend.config import DatabaseConfig
    from checkout_backend.store import Position

CONNECT_SECONDS = 2  # libpq takes no less
_POOL_SECONDS = 2.0
_PING_SECONDS = 1.0
_STATEMENT_SECONDS = 2.0
# The server gives up first, while it still can say so; our own deadline is for one that is silent.
_SERVER_OPTIONS = "-c statement_timeout=1500 -c lock_timeout=1500 -c timezone=UTC"
# The pool waits longer after each attempt that failed, whoever needs a connection meanwhile. So
# it gives up soon, and the next request, or the next probe, begins anew.
_RECONNECT_SECONDS = 1.5
_WAITING_MOST = 100
_ANSWER = TypeVar("_ANSWER")

_log = logging.getLogger(__name__)

_SELECT = "SELECT id, customer, created_at, status FROM checkouts "
_FIND = _SELECT + "WHERE id = %s"
_LOCK = _FIND + " FOR UPDATE"
_FIRST_PAGE = _SELECT + "ORDER BY created_at DESC, id DESC LIMIT %s"
_NEXT_PAGE = (
    _SELECT + "WHERE (created_at, id) < (%s, %s) ORDER BY created_at DESC, id DESC LIMIT %s"
)
_ITEMS = (
    "SELECT checkout_id, sku, name, quantity, unit_price_cents "
    "FROM items WHERE checkout_id = ANY(%s) ORDER BY id"
)


def parameters(config: DatabaseConfig) -> dict[str, Any]:
    """Return libpq's parameters for a connection on which nothing waits for long."""
    return {
        "host": config.host,
        "port": config.port,
        "dbname": config.name,
        "user": config.user,
        "password": config.password,
        "application_name": "checkout-backend",
        "connect_timeout": CONNECT_SECONDS,
        # A peer that vanished without a word is noticed, also while nothing is sent.
        "tcp_user_timeout": 2000,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 2,
    }


class BoundedConnection(psycopg.Connection[TupleRow]):
    """A connection that is closed when the server does not answer a statement in time."""

    def wait(
        self, gen: PQGen[_ANSWER], interval: float = 0.1, timeout: float | None = None
    ) -> _ANSWER:
        """Wait for an answer. Raises `psycopg.OperationalError` after the deadline."""
        limit = _STATEMENT_SECONDS if timeout is None else timeout
        started = time.monotonic()
        try:
            return super().wait(gen, interval, limit)
        except psycopg.OperationalError:
            if time.monotonic() - started >= limit:
                # In the middle of an answer: nothing more can be said on this connection.
                self.pgconn.finish()
            raise


class PostgresStore:
    """A `Store` in PostgreSQL."""

    def __init__(self, config: DatabaseConfig, size: int, tracer: Tracer | None = None) -> None:
        """Prepare a pool of up to `size` connections; `open` begins to connect.

        `tracer` records what is done for a request.
        """
        self._drained = 0.0
        self._spans = DatabaseSpans(tracer or NoOpTracer(), config)
        self.pool: ConnectionPool[BoundedConnection] = ConnectionPool(
            connection_class=BoundedConnection,
            kwargs={**parameters(config), "options": _SERVER_OPTIONS},
            min_size=min(2, size),
            max_size=size,
            open=False,
            name="database",
            check=self._check,
            timeout=_POOL_SECONDS,
            reconnect_timeout=_RECONNECT_SECONDS,
            max_waiting=_WAITING_MOST,
            max_lifetime=1800.0,
        )

    def open(self) -> None:
        """Begin to connect, without waiting for it: the database may come later."""
        self.pool.open(wait=False)

    def close(self) -> None:
        """Close all connections."""
        self.pool.close(timeout=2.0)

    @contextmanager
    def session(self) -> Iterator[PostgresSession]:
        """Begin a transaction. Raises `Unavailable`."""
        with self._connection(_POOL_SECONDS) as connection:
            yield PostgresSession(connection, self._spans)
            with self._spans.statement("COMMIT"):
                connection.commit()

    def ping(self) -> None:
        """Return if the database answers a query now. Raises `Unavailable`."""
        with self._connection(_PING_SECONDS) as connection:
            connection.execute("SELECT 1")

    @contextmanager
    def _connection(self, timeout: float) -> Iterator[BoundedConnection]:
        try:
            with ExitStack() as leaving:
                with self._spans.connection():
                    connection = leaving.enter_context(self.pool.connection(timeout=timeout))
                yield connection
        # The pool's own errors are operational errors too.
        except psycopg.OperationalError as error:
            raise Unavailable(" ".join(str(error).split())) from error

    def _check(self, connection: BoundedConnection) -> None:
        try:
            ConnectionPool.check_connection(connection)
        except psycopg.OperationalError:
            self._drain()
            raise

    def _drain(self) -> None:
        """Forget all idle connections: where one was cut, the others were too."""
        now = time.monotonic()
        if now - self._drained > _RECONNECT_SECONDS:
            self._drained = now
            _log.warning("connections to the database were cut; connecting anew")
            self.pool.drain()


class PostgresSession:
    """A `Session` on one connection, in one transaction."""

    def __init__(self, connection: psycopg.Connection[TupleRow], spans: DatabaseSpans) -> None:
        """Work on `connection`, which commits or rolls back when it is given back."""
        self._connection = connection
        self._spans = spans

    def find(self, checkout_id: UUID) -> Checkout | None:
        """Read a checkout."""
        return next(iter(self._read(_FIND, checkout_id)), None)

    def lock(self, checkout_id: UUID) -> Checkout | None:
        """Read a checkout, and keep others from changing it."""
        return next(iter(self._read(_LOCK, checkout_id)), None)

    def page(self, limit: int, after: Position | None) -> Sequence[Checkout]:
        """Read up to `limit` checkouts behind a position, newest first."""
        if after is None:
            return self._read(_FIRST_PAGE, limit)
        return self._read(_NEXT_PAGE, after.created_at, after.id, limit)

    def add(self, checkout: Checkout) -> None:
        """Write a new checkout without items."""
        self._execute(
            "INSERT INTO checkouts (id, customer, created_at, status) VALUES (%s, %s, %s, %s)",
            (checkout.id, checkout.customer, checkout.created_at, checkout.status.value),
        )

    def add_item(self, checkout_id: UUID, item: Item) -> None:
        """Write one more item."""
        self._execute(
            "INSERT INTO items (checkout_id, sku, name, quantity, unit_price_cents) "
            "VALUES (%s, %s, %s, %s, %s)",
            (checkout_id, item.sku, item.name, item.quantity, item.unit_price_cents),
        )

    def set_status(self, checkout_id: UUID, status: Status) -> None:
        """Write a checkout's status."""
        self._execute("UPDATE checkouts SET status = %s WHERE id = %s", (status.value, checkout_id))

    def payment(self, key: str) -> Payment | None:
        """Read the payment with an idempotency key."""
        row = self._execute(
            "SELECT idempotency_key, checkout_id, amount_cents FROM payments "
            "WHERE idempotency_key = %s",
            (key,),
        ).fetchone()
        return Payment(*row) if row else None

    def add_payment(self, payment: Payment) -> bool:
        """Write a payment unless its key is taken."""
        written = self._execute(
            "INSERT INTO payments (idempotency_key, checkout_id, amount_cents) "
            "VALUES (%s, %s, %s) ON CONFLICT (idempotency_key) DO NOTHING",
            (payment.key, payment.checkout_id, payment.amount_cents),
        )
        return written.rowcount == 1

    def _read(self, query: str, *values: object) -> list[Checkout]:
        rows = self._execute(query, values).fetchall()
        items: dict[UUID, list[Item]] = {row[0]: [] for row in rows}
        if items:
            for owner, *fields in self._execute(_ITEMS, (list(items),)):
                items[owner].append(Item(*fields))
        return [
            Checkout(
                id=key,
                customer=customer,
                created_at=created_at,
                status=Status(status),
                items=tuple(items[key]),
            )
            for key, customer, created_at, status in rows
        ]

    def _execute(self, query: str, values: Sequence[object]) -> psycopg.Cursor[TupleRow]:
        with self._spans.statement(query):
            return self._connection.execute(query, values)
