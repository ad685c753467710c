"""A `Store` in memory, behind the same protocol, for machines without PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from uuid import UUID

from checkout_backend.domain import Checkout, Item, Payment, Status
from checkout_backend.store import Position, Unavailable


@dataclass
class MemorySession:
    """Works on copies, which replace the originals if all goes well."""

    checkouts: dict[UUID, Checkout]
    payments: dict[str, Payment]

    def find(self, checkout_id: UUID) -> Checkout | None:
        """Read a checkout."""
        return self.checkouts.get(checkout_id)

    lock = find  # the store lets one session in at a time

    def page(self, limit: int, after: Position | None) -> Sequence[Checkout]:
        """Read checkouts, newest first."""
        found = sorted(self.checkouts.values(), key=lambda c: (c.created_at, c.id), reverse=True)
        if after is not None:
            found = [c for c in found if (c.created_at, c.id) < (after.created_at, after.id)]
        return found[:limit]

    def add(self, checkout: Checkout) -> None:
        """Keep a new checkout."""
        self.checkouts[checkout.id] = checkout

    def add_item(self, checkout_id: UUID, item: Item) -> None:
        """Keep one more item."""
        found = self.checkouts[checkout_id]
        self.checkouts[checkout_id] = replace(found, items=(*found.items, item))

    def set_status(self, checkout_id: UUID, status: Status) -> None:
        """Keep a status."""
        self.checkouts[checkout_id] = replace(self.checkouts[checkout_id], status=status)

    def payment(self, key: str) -> Payment | None:
        """Read a payment."""
        return self.payments.get(key)

    def add_payment(self, payment: Payment) -> bool:
        """Keep a payment unless its key is taken."""
        return self.payments.setdefault(payment.key, payment) is payment


@dataclass
class MemoryStore:
    """Can be told to be away, to fail, or to be slow to answer a ping."""

    checkouts: dict[UUID, Checkout] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    away: bool = False
    broken: bool = False
    silent: threading.Event | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def session(self) -> Iterator[MemorySession]:
        """Begin a transaction."""
        self._meet()
        with self._turn:
            session = MemorySession(dict(self.checkouts), dict(self.payments))
            yield session
            self.checkouts, self.payments = session.checkouts, session.payments

    def ping(self) -> None:
        """Return unless away."""
        if self.silent:
            self.silent.wait(10)
        self._meet()

    def _meet(self) -> None:
        if self.broken:
            raise RuntimeError("the store broke")
        if self.away:
            raise Unavailable("the store is away")
