"""What a checkout is and what may happen to it. Pure: no clock, no storage, no HTTP.

Money is an integer number of cents everywhere. The limits keep every total below 2**53, so that a
browser's numbers hold it exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

MAX_NAME = 200
"""Characters in the name of a customer or an item."""
MAX_SKU = 64
"""Characters in a stock keeping unit."""
MAX_QUANTITY = 10_000
MAX_UNIT_PRICE_CENTS = 100_000_000
MAX_ITEMS = 100
"""Items in one checkout."""
MAX_TOTAL_CENTS = MAX_ITEMS * MAX_QUANTITY * MAX_UNIT_PRICE_CENTS


class Status(StrEnum):
    """Where a checkout stands; `open` is the only state that can be left."""

    OPEN = "open"
    PAID = "paid"
    CANCELLED = "cancelled"


class Refusal(Exception):
    """The service understood what was asked and does not do it. The message is for the visitor."""

    code = "refused"


class NotFound(Refusal):
    """There is no such checkout."""

    code = "not-found"


class NotOpen(Refusal):
    """The checkout was paid or cancelled before."""

    code = "not-open"


class TooManyItems(Refusal):
    """The checkout is full."""

    code = "too-many-items"


class NothingToPay(Refusal):
    """The checkout has no items."""

    code = "nothing-to-pay"


class WrongAmount(Refusal):
    """The amount offered is not the total."""

    code = "wrong-amount"


class KeyReused(Refusal):
    """The idempotency key belongs to another payment."""

    code = "idempotency-key-reused"


@dataclass(frozen=True)
class Item:
    """So many of one thing, at one price each."""

    sku: str
    name: str
    quantity: int
    unit_price_cents: int

    def __post_init__(self) -> None:
        """Refuse what no caller should let through: `ValueError`."""
        if not (1 <= len(self.sku) <= MAX_SKU and 1 <= len(self.name) <= MAX_NAME):
            raise ValueError(f"An item needs a SKU up to {MAX_SKU} and a name up to {MAX_NAME}.")
        if not 1 <= self.quantity <= MAX_QUANTITY:
            raise ValueError(f"A quantity lies between 1 and {MAX_QUANTITY}.")
        if not 0 <= self.unit_price_cents <= MAX_UNIT_PRICE_CENTS:
            raise ValueError(f"A unit price lies between 0 and {MAX_UNIT_PRICE_CENTS} cents.")

    @property
    def total_cents(self) -> int:
        """Quantity times unit price, in cents."""
        return self.quantity * self.unit_price_cents


@dataclass(frozen=True)
class Payment:
    """One payment of one checkout; `key` is the payer's, the same for each retry."""

    key: str
    checkout_id: UUID
    amount_cents: int


@dataclass(frozen=True)
class Checkout:
    """What a customer is about to buy, has bought, or has not."""

    id: UUID
    customer: str
    created_at: datetime
    status: Status = Status.OPEN
    items: tuple[Item, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no caller should let through: `ValueError`."""
        if not 1 <= len(self.customer) <= MAX_NAME:
            raise ValueError(f"A customer's name has 1 to {MAX_NAME} characters.")
        if self.created_at.tzinfo is None:
            raise ValueError("The time of creation needs a time zone.")

    @property
    def total_cents(self) -> int:
        """The sum of all items, in cents."""
        return sum(item.total_cents for item in self.items)

    def with_item(self, item: Item) -> Checkout:
        """Add an item. Raises `NotOpen`, `TooManyItems`."""
        self._expect_open("get more items")
        if len(self.items) >= MAX_ITEMS:
            raise TooManyItems(f"A checkout holds at most {MAX_ITEMS} items.")
        return replace(self, items=(*self.items, item))

    def paid(self, amount_cents: int) -> Checkout:
        """Pay the total. Raises `NotOpen`, `NothingToPay`, `WrongAmount`."""
        self._expect_open("be paid")
        if not self.items:
            raise NothingToPay("This checkout has no items, so there is nothing to pay.")
        if amount_cents != self.total_cents:
            raise WrongAmount(
                f"The total of this checkout is {self.total_cents} cents, not {amount_cents}."
            )
        return replace(self, status=Status.PAID)

    def cancelled(self) -> Checkout:
        """Cancel; a second time changes nothing, so it can be retried. Raises `NotOpen`."""
        if self.status is Status.CANCELLED:
            return self
        self._expect_open("be cancelled")
        return replace(self, status=Status.CANCELLED)

    def _expect_open(self, what: str) -> None:
        if self.status is not Status.OPEN:
            raise NotOpen(f"This checkout is {self.status} and cannot {what} any more.")
