from __future__ import annotations

from typing import Any

import pytest

from acceptance.domains.traffic.writes import (
    CHECKOUT,
    ITEM,
    PAYMENT,
    Shown,
    Write,
    faults_of_writes,
)
from acceptance.drivers.http import Reply

DONE = Reply(201, (), "", 0.1)
BROKEN = Reply(None, (), "", 0.1, error="RemoteProtocolError: closed")
REFUSED = Reply(503, (), "", 0.1)
TEA = {"sku": "TEA-1"}


def checkout(name: str, *items: dict[str, str], status: str = "open") -> dict[str, Any]:
    """Return a checkout as the list shows it; its customer is Ann."""
    return {"id": name, "customer": "Ann", "items": list(items), "status": status}


def writes(reply: Reply) -> tuple[Write, ...]:
    """Return all writes of one purchase, with this answer."""
    return (
        Write(CHECKOUT, "", "Ann", reply),
        Write(ITEM, "c1", "TEA-1", reply),
        Write(PAYMENT, "c1", "c1", reply),
    )


def test_what_was_done_once_is_right() -> None:
    """Whether it was acknowledged or not."""
    shown = Shown([checkout("c1", TEA, status="paid")])
    for reply in (DONE, BROKEN, REFUSED):
        assert faults_of_writes(writes(reply), shown) == ()


def test_what_was_not_acknowledged_may_be_missing() -> None:
    """Nobody was told that it is done."""
    assert faults_of_writes(writes(BROKEN), Shown([])) == ()


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ([], "the checkout Ann was acknowledged and is not there"),
        ([checkout("c1", status="paid")], "the item TEA-1 of the checkout c1 was acknowledged and"),
        ([checkout("c1", TEA)], "the payment c1 was acknowledged and is not there"),
        (
            [checkout("c1", TEA, TEA, status="paid")],
            "the item TEA-1 of the checkout c1 was sent once, acknowledged, and is there 2 times",
        ),
        (
            [checkout("c1", TEA, status="paid"), checkout("c2")],
            "the checkout Ann was sent once, acknowledged, and is there 2 times",
        ),
    ],
)
def test_what_is_lost_or_done_twice_is_named(shown: list[dict[str, Any]], said: str) -> None:
    """Each kind of write, missing and repeated."""
    assert said in "; ".join(faults_of_writes(writes(DONE), Shown(shown)))


def test_a_write_without_an_answer_must_not_be_repeated() -> None:
    """Whoever sends it again for the visitor does it twice."""
    found = faults_of_writes(writes(BROKEN), Shown([checkout("c1", TEA, TEA)]))
    assert found == (
        "the item TEA-1 of the checkout c1 was sent once, not acknowledged, and is there 2 times",
    )


def test_a_checkout_on_two_pages_is_one() -> None:
    """The list may move while its pages are read."""
    one = checkout("c1", TEA, status="paid")
    assert faults_of_writes(writes(DONE), Shown([one, one])) == ()
