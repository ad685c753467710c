"""Keeps visitors buying while the system is disturbed, and checks what became of their writes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from acceptance.domains.traffic.steady_visitors import SteadyVisitors
from acceptance.domains.traffic.writes import (
    CHECKOUT,
    ITEM,
    PAYMENT,
    Shown,
    Write,
    faults_of_writes,
)
from acceptance.drivers.http import SteadyTraffic
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import listed, require

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acceptance.drivers.checkout_api import CheckoutApi
    from acceptance.drivers.http import Reply

_RATE = 20.0  # with an answer in some ms, there is a write under way in a large part of the time
_MOST = 9000
_FEWEST = 10  # fewer prove nothing about a loss
_MOST_PAGES = 200
_ITEMS = (("TEA-1", 350), ("CUP-2", 1250))
"""What each of them buys: SKU and price in cents."""


class Shopper:
    """Buys one checkout after another, like the page: makes it, adds items, reads it, and pays."""

    def __init__(self, api: CheckoutApi) -> None:
        """Begin with nothing bought."""
        self._api = api
        self.writes: list[Write] = []
        self._requests = self._shop()

    def send(self) -> Reply:
        """Send the next request."""
        return next(self._requests)

    def _shop(self) -> Iterator[Reply]:
        name = f"Shopper {uuid.uuid4().hex[:8]}"
        for number in count(1):
            customer = f"{name}-{number}"
            created = self._api.create(customer)
            yield self._noted(CHECKOUT, "", customer, created)
            checkout = _field(created, "id")
            if not isinstance(checkout, str):
                continue  # without an answer, the visitor does not know it, and begins anew
            for sku, cents in _ITEMS:
                added = self._api.add_item(checkout, sku, 1, cents)
                yield self._noted(ITEM, checkout, sku, added)
            read = self._api.checkout(checkout)
            yield read
            if total := _field(read, "total_cents"):
                paid = self._api.pay(checkout, total)
                yield self._noted(PAYMENT, checkout, checkout, paid)

    def _noted(self, kind: str, checkout: str, name: str, reply: Reply) -> Reply:
        self.writes.append(Write(kind, checkout, name, reply))
        return reply


@dataclass(frozen=True)
class Shopping:
    """Visitors who buy, and the checkout that was made before they began."""

    traffic: SteadyTraffic
    shopper: Shopper
    marker: str


class SteadyShoppers(SteadyVisitors):
    """Has visitors buy at a steady rate until the scenario ends, and checks their writes."""

    def start_shopping(self) -> Shopping:
        """Start to buy one checkout after another."""
        made = self._until_success(lambda: self._api.create("The last one before the shoppers"))
        marker = _field(made, "id")
        require(isinstance(marker, str), f"The visitor was refused: {made}.")
        shopper = Shopper(self._api)
        traffic = self._begun(SteadyTraffic(shopper.send, rate=_RATE, most=_MOST))
        return Shopping(traffic, shopper, str(marker))

    def assert_all_answered(self, shopping: Shopping) -> None:
        """Stop the traffic: every request was answered."""
        self.assert_few_failed(shopping.traffic, 0)

    def assert_writes_done_once(self, shopping: Shopping) -> None:
        """Stop the traffic: each acknowledged write is there once, and no other more than once."""
        self._stopped(shopping.traffic, "Requests of visitors who buy")
        writes = tuple(shopping.shopper.writes)
        acknowledged = sum(1 for each in writes if each.acknowledged)
        shown = self._shown_since(shopping.marker)
        faults = faults_of_writes(writes, Shown(shown))
        found = {"writes": len(writes), "acknowledged": acknowledged, "faults": faults}
        self._keep("What became of the writes", pretty({**found, "shown": shown}))
        require(
            acknowledged >= _FEWEST,
            f"Only {acknowledged} of {len(writes)} writes were acknowledged, "
            f"and fewer than {_FEWEST} prove nothing.",
        )
        require(not faults, f"{len(faults)} of {len(writes)} writes: {listed(faults)}.")

    def _shown_since(self, marker: str) -> list[dict[str, Any]]:
        """Return the checkouts that the list shows, down to the one with the id `marker`."""
        shown: list[dict[str, Any]] = []
        cursor = ""
        for _ in range(_MOST_PAGES):
            page = self._until_success(partial(self._api.newest, cursor))
            found = _field(page, "checkouts")
            require(isinstance(found, list), f"The list of checkouts cannot be read: {page}.")
            assert isinstance(found, list)
            for each in found:
                if isinstance(each, dict) and each.get("id") == marker:
                    return shown
                shown.append(each if isinstance(each, dict) else {})
            cursor = str(_field(page, "next") or "")
            if not cursor:
                break
        raise AssertionError(f"The list does not show the checkout {marker}, which was there.")


def _field(reply: Reply, name: str) -> object:
    """Return a field of an answer; None if it failed, or has no such field."""
    found = reply.json() if reply.succeeded else None
    return found.get(name) if isinstance(found, dict) else None
