"""What the service asks of a storage, whatever it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from uuid import UUID

    from checkout_backend.domain import Checkout, Item, Payment, Status


class Unavailable(Exception):
    """The storage cannot be reached, or did not answer in time. Nothing is known to be written."""


@dataclass(frozen=True)
class Position:
    """Where in the list a page ends: the newest checkout comes first."""

    created_at: datetime
    id: UUID


class Session(Protocol):
    """One transaction: all of it is written when it ends without an exception, or none."""

    def find(self, checkout_id: UUID) -> Checkout | None:
        """Read a checkout."""

    def lock(self, checkout_id: UUID) -> Checkout | None:
        """Read a checkout that nobody else changes until the transaction ends."""

    def page(self, limit: int, after: Position | None) -> Sequence[Checkout]:
        """Read up to `limit` checkouts behind a position, newest first."""

    def add(self, checkout: Checkout) -> None:
        """Write a new checkout without items."""

    def add_item(self, checkout_id: UUID, item: Item) -> None:
        """Write one more item."""

    def set_status(self, checkout_id: UUID, status: Status) -> None:
        """Write a checkout's status."""

    def payment(self, key: str) -> Payment | None:
        """Read the payment with an idempotency key."""

    def add_payment(self, payment: Payment) -> bool:
        """Write a payment; say False, and write nothing, if its key is taken."""


class Store(Protocol):
    """A storage of checkouts. Everything raises `Unavailable`."""

    def session(self) -> AbstractContextManager[Session]:
        """Begin a transaction."""

    def ping(self) -> None:
        """Return if the storage answers a query now."""
