"""What visitors wrote, and whether the system did each write once: no more, and no less."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from acceptance.drivers.http import Reply

CHECKOUT, ITEM, PAYMENT = "checkout", "item", "payment"
_PAID = "paid"


@dataclass(frozen=True)
class Write:
    """A request that changes something, and its answer."""

    kind: str
    """`CHECKOUT`, `ITEM` or `PAYMENT`."""
    checkout: str
    """The id of the checkout that it changes; empty for a new one."""
    name: str
    """What tells it from all others of its kind: the customer, the SKU, or the checkout's id."""
    reply: Reply

    @property
    def acknowledged(self) -> bool:
        """Whether the system said that it is done; otherwise it may be done or not."""
        return self.reply.succeeded

    def __str__(self) -> str:
        """Name the write."""
        where = f" of the checkout {self.checkout}" if self.kind == ITEM else ""
        return f"the {self.kind} {self.name}{where}"


class Shown:
    """The checkouts that the system shows, from which the number of times of a write is counted."""

    def __init__(self, checkouts: Iterable[Mapping[str, Any]]) -> None:
        """Count each checkout once; a list whose pages overlap may show it twice."""
        self._by_id = {str(each.get("id")): each for each in checkouts}
        self._customers = Counter(str(each.get("customer")) for each in self._by_id.values())

    def times(self, write: Write) -> int:
        """Return how many times a write was done."""
        if write.kind == CHECKOUT:
            return self._customers[write.name]
        found = self._by_id.get(write.checkout, {})
        if write.kind == PAYMENT:
            return int(found.get("status") == _PAID)
        return sum(
            1
            for item in found.get("items") or ()
            if isinstance(item, dict) and item.get("sku") == write.name
        )


def faults_of_writes(writes: Iterable[Write], shown: Shown) -> tuple[str, ...]:
    """Return which writes are lost or were done more than once, as parts of a sentence."""
    faults = []
    for write in writes:
        times = shown.times(write)
        if write.acknowledged and not times:
            faults.append(f"{write} was acknowledged and is not there")
        elif times > 1:
            answer = "acknowledged" if write.acknowledged else "not acknowledged"
            faults.append(f"{write} was sent once, {answer}, and is there {times} times")
    return tuple(faults)
