"""What visitors can do, each in one transaction."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from checkout_backend.domain import Checkout, Item, KeyReused, NotFound, Payment, Refusal
from checkout_backend.store import Position, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from checkout_backend.store import Session, Store


@dataclass(frozen=True)
class Page:
    """Some checkouts, newest first, and where the next page begins; None on the last one."""

    checkouts: tuple[Checkout, ...]
    end: Position | None


class Counts(Protocol):
    """What is told how the business goes."""

    def created(self) -> None:
        """Count a checkout that was begun."""

    def paid(self) -> None:
        """Count a checkout that was paid."""

    def failed(self, reason: str) -> None:
        """Count a change that failed, and why."""


class Checkouts:
    """The use cases. Each raises a `Refusal`, or `Unavailable` when the storage is away."""

    def __init__(self, store: Store, counts: Counts) -> None:
        """Keep checkouts in `store`, and tell `counts` what was written."""
        self._store = store
        self._counts = counts

    def create(self, customer: str) -> Checkout:
        """Begin a checkout."""
        checkout = Checkout(id=uuid.uuid4(), customer=customer, created_at=datetime.now(UTC))
        with self._change() as session:
            session.add(checkout)
        self._counts.created()
        return checkout

    def read(self, checkout_id: UUID) -> Checkout:
        """Return a checkout. Raises `NotFound`."""
        with self._store.session() as session:
            return _existing(session.find(checkout_id))

    def page(self, limit: int, after: Position | None) -> Page:
        """Return up to `limit` checkouts behind a position."""
        with self._store.session() as session:
            # One more than asked for tells whether there is another page.
            found = tuple(session.page(limit + 1, after))
        shown = found[:limit]
        more = len(found) > len(shown)
        return Page(shown, Position(shown[-1].created_at, shown[-1].id) if more else None)

    def add_item(self, checkout_id: UUID, item: Item) -> Checkout:
        """Add an item. Raises `NotFound`, `NotOpen`, `TooManyItems`."""
        with self._change() as session:
            changed = _locked(session, checkout_id).with_item(item)
            session.add_item(checkout_id, item)
        return changed

    def pay(self, payment: Payment) -> Checkout:
        """Pay a checkout once, however often it is asked with the same key.

        Raises `NotFound`, `NotOpen`, `NothingToPay`, `WrongAmount`, and `KeyReused` when the key
        belongs to a payment of something else or of another amount.
        """
        with self._change() as session:
            checkout = _locked(session, payment.checkout_id)
            earlier = session.payment(payment.key)
            if earlier is None:
                checkout = checkout.paid(payment.amount_cents)
                # Somebody may take the key for another checkout at this very moment.
                if not session.add_payment(payment):
                    raise _reused()
                session.set_status(checkout.id, checkout.status)
            elif earlier != payment:
                raise _reused()
        if earlier is None:
            self._counts.paid()
        return checkout

    def cancel(self, checkout_id: UUID) -> Checkout:
        """Cancel a checkout. Raises `NotFound`, `NotOpen`."""
        with self._change() as session:
            changed = _locked(session, checkout_id).cancelled()
            session.set_status(checkout_id, changed.status)
        return changed

    @contextmanager
    def _change(self) -> Iterator[Session]:
        """Begin a transaction that changes something, and count it if it fails."""
        try:
            with self._store.session() as session:
                yield session
        except Refusal as refusal:
            self._counts.failed(refusal.code)
            raise
        except Unavailable:
            self._counts.failed("unavailable")
            raise


def _locked(session: Session, checkout_id: UUID) -> Checkout:
    return _existing(session.lock(checkout_id))


def _existing(found: Checkout | None) -> Checkout:
    if found is None:
        raise NotFound("There is no such checkout.")
    return found


def _reused() -> KeyReused:
    return KeyReused("This idempotency key was used for another payment. Use a new one.")
