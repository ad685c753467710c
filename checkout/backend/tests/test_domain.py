from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from checkout_backend.domain import (
    MAX_ITEMS,
    MAX_QUANTITY,
    MAX_TOTAL_CENTS,
    MAX_UNIT_PRICE_CENTS,
    Checkout,
    Item,
    NothingToPay,
    NotOpen,
    Refusal,
    Status,
    TooManyItems,
    WrongAmount,
)

TEA = Item("TEA-1", "Green tea", 2, 350)
OPEN = Checkout(uuid.UUID(int=1), "Ada", datetime(2026, 3, 1, tzinfo=UTC))
FILLED = OPEN.with_item(TEA)
PAID = FILLED.paid(700)
CANCELLED = FILLED.cancelled()


def test_the_total_is_the_sum_of_all_items_in_cents() -> None:
    """Quantity times unit price, item by item, without a fraction anywhere."""
    checkout = FILLED.with_item(Item("CUP", "Cup", 1, 1999))
    assert OPEN.total_cents == 0
    assert checkout.total_cents == 2699
    assert isinstance(checkout.total_cents, int)


def test_the_largest_total_is_exact_in_a_browser() -> None:
    """JavaScript's numbers are exact up to 2**53 only."""
    full = replace(OPEN, items=(Item("X", "X", MAX_QUANTITY, MAX_UNIT_PRICE_CENTS),) * MAX_ITEMS)
    assert full.total_cents == MAX_TOTAL_CENTS < 2**53
    assert full.paid(MAX_TOTAL_CENTS).status is Status.PAID


def test_items_keep_their_order_and_the_original_is_untouched() -> None:
    """A change gives another checkout."""
    more = FILLED.with_item(Item("CUP", "Cup", 1, 1999))
    assert [item.sku for item in more.items] == ["TEA-1", "CUP"]
    assert [item.sku for item in FILLED.items] == ["TEA-1"]


def test_an_open_checkout_can_be_paid_or_cancelled() -> None:
    """The two ways out."""
    assert PAID.status is Status.PAID
    assert CANCELLED.status is Status.CANCELLED
    assert OPEN.cancelled().status is Status.CANCELLED


@pytest.mark.parametrize("settled", [PAID, CANCELLED])
def test_nothing_is_added_to_a_settled_checkout(settled: Checkout) -> None:
    """What was paid for stays what was paid for."""
    with pytest.raises(NotOpen, match=f"is {settled.status} and cannot get more items"):
        settled.with_item(TEA)


@pytest.mark.parametrize("settled", [PAID, CANCELLED])
def test_a_settled_checkout_is_not_paid(settled: Checkout) -> None:
    """Neither twice nor after a cancellation."""
    with pytest.raises(NotOpen, match="cannot be paid"):
        settled.paid(700)


def test_a_paid_checkout_is_not_cancelled() -> None:
    """The money is gone; that would be a refund."""
    with pytest.raises(NotOpen, match="is paid and cannot be cancelled"):
        PAID.cancelled()


def test_cancelling_twice_is_cancelling_once() -> None:
    """A visitor whose answer was lost may ask again."""
    assert CANCELLED.cancelled() == CANCELLED


@pytest.mark.parametrize("cents", [0, 699, 701, 70_000])
def test_only_the_exact_total_pays(cents: int) -> None:
    """Neither less nor more."""
    with pytest.raises(WrongAmount, match=f"700 cents, not {cents}"):
        FILLED.paid(cents)


def test_an_empty_checkout_cannot_be_paid() -> None:
    """Not even with nothing."""
    with pytest.raises(NothingToPay):
        OPEN.paid(0)


def test_a_gift_can_be_paid_with_nothing() -> None:
    """A price of zero is a price."""
    assert OPEN.with_item(Item("GIFT", "Gift", 1, 0)).paid(0).status is Status.PAID


def test_a_full_checkout_takes_no_more() -> None:
    """The last item that fits is taken, the next one is not."""
    almost = replace(OPEN, items=(TEA,) * (MAX_ITEMS - 1))
    full = almost.with_item(TEA)
    with pytest.raises(TooManyItems, match=str(MAX_ITEMS)):
        full.with_item(TEA)


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": 0},
        {"quantity": -1},
        {"quantity": MAX_QUANTITY + 1},
        {"unit_price_cents": -1},
        {"unit_price_cents": MAX_UNIT_PRICE_CENTS + 1},
        {"sku": ""},
        {"sku": "x" * 65},
        {"name": ""},
        {"name": "x" * 201},
    ],
)
def test_an_item_outside_its_limits_cannot_exist(changes: dict[str, object]) -> None:
    """Whoever makes one."""
    with pytest.raises(ValueError, match=r"."):
        replace(TEA, **changes)  # type: ignore[arg-type]


def test_a_checkout_needs_a_name_and_a_time_zone() -> None:
    """Times without a zone mean something else on each machine."""
    with pytest.raises(ValueError, match="1 to 200 characters"):
        replace(OPEN, customer="")
    with pytest.raises(ValueError, match="time zone"):
        replace(OPEN, created_at=datetime(2026, 3, 1))  # noqa: DTZ001 - that is what is refused


def test_each_refusal_has_a_code_of_its_own() -> None:
    """Programs tell them apart by it."""
    kinds = Refusal.__subclasses__()
    assert len({kind.code for kind in kinds}) == len(kinds) >= 6
    assert "refused" not in {kind.code for kind in kinds}
