"""The bodies of requests and answers, as the OpenAPI document describes them."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from checkout_backend import domain

# Control characters have no place in a name, PostgreSQL takes no zero byte, and half of a
# surrogate pair has no encoding.
_UNWANTED = frozenset({"Cc", "Cs"})


def _printable(text: str) -> str:
    if any(unicodedata.category(character) in _UNWANTED for character in text):
        raise ValueError("control characters are not allowed")
    return text


def _text(most: int) -> StringConstraints:
    return StringConstraints(min_length=1, max_length=most, strip_whitespace=True)


_Name = Annotated[str, _text(domain.MAX_NAME), AfterValidator(_printable)]
_Sku = Annotated[str, _text(domain.MAX_SKU), AfterValidator(_printable)]
_Cents = Annotated[int, Field(ge=0, le=domain.MAX_UNIT_PRICE_CENTS)]


class _Body(BaseModel):
    # Strict: "2" is no quantity, and a field that nobody knows is a mistake.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class NewCheckout(_Body):
    """Who begins a checkout."""

    customer: _Name


class NewItem(_Body):
    """What is added to a checkout."""

    sku: _Sku
    name: _Name
    quantity: Annotated[int, Field(ge=1, le=domain.MAX_QUANTITY)]
    unit_price_cents: _Cents

    def item(self) -> domain.Item:
        """Return it as the domain knows it."""
        return domain.Item(self.sku, self.name, self.quantity, self.unit_price_cents)


class NewPayment(_Body):
    """How much is paid: the total of the checkout, in cents."""

    amount_cents: Annotated[int, Field(ge=0, le=domain.MAX_TOTAL_CENTS)]


class ItemView(BaseModel):
    """An item of a checkout."""

    sku: str
    name: str
    quantity: int
    unit_price_cents: int


class CheckoutView(BaseModel):
    """A checkout."""

    id: UUID
    customer: str
    status: Literal["open", "paid", "cancelled"]
    items: list[ItemView]
    total_cents: int
    created_at: datetime

    @classmethod
    def of(cls, checkout: domain.Checkout) -> CheckoutView:
        """Return what is shown of a checkout."""
        return cls(
            id=checkout.id,
            customer=checkout.customer,
            status=checkout.status.value,
            items=[
                ItemView(
                    sku=item.sku,
                    name=item.name,
                    quantity=item.quantity,
                    unit_price_cents=item.unit_price_cents,
                )
                for item in checkout.items
            ],
            total_cents=checkout.total_cents,
            created_at=checkout.created_at,
        )


class PageView(BaseModel):
    """Some checkouts, newest first; `next` is the `after` of the next page, or null."""

    checkouts: list[CheckoutView]
    next: str | None


class FaultView(BaseModel):
    """One thing that is wrong with a request."""

    model_config = ConfigDict(populate_by_name=True)

    place: Literal["body", "query", "header", "path"] = Field(alias="in")
    field: str
    message: str


class ProblemView(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[FaultView] | None = None
