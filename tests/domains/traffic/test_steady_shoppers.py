from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from acceptance.domains.traffic import SteadyShoppers
from acceptance.settings import Timeouts
from tests.fakes.checkout_site import CheckoutSite
from tests.support.actors import context_of

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK = Timeouts(request=3.0, ingress=0.3)


@contextmanager
def shoppers_at(site: CheckoutSite) -> Iterator[SteadyShoppers]:
    """Serve the site, and give the actor whose visitors buy there."""
    with site, SteadyShoppers(context_of(site.system, timeouts=QUICK)) as actor:
        yield actor


def test_visitors_buy_and_all_of_it_is_there() -> None:
    """Each of them makes a checkout, adds two items and pays."""
    site = CheckoutSite()
    with shoppers_at(site) as shoppers:
        shopping = shoppers.start_shopping()
        shoppers.assert_all_answered(shopping)
        shoppers.assert_writes_done_once(shopping)
        bought = [each for each in site.checkouts.values() if each["status"] == "paid"]
        assert bought
        assert [item["sku"] for item in bought[0]["items"]] == ["TEA-1", "CUP-2"]


@pytest.mark.parametrize(
    ("site", "said"),
    [
        (CheckoutSite(items_twice=True), "is there 2 times"),
        (CheckoutSite(forgotten="payment"), "the payment .* was acknowledged and is not there"),
        (CheckoutSite(forgotten="items"), "the item TEA-1 .* was acknowledged and is not there"),
    ],
)
def test_a_write_that_is_repeated_or_lost_is_named(site: CheckoutSite, said: str) -> None:
    """The list shows what the system really did."""
    with shoppers_at(site) as shoppers:
        shopping = shoppers.start_shopping()
        with pytest.raises(AssertionError, match=said):
            shoppers.assert_writes_done_once(shopping)


def test_a_list_without_the_old_checkout_is_a_loss() -> None:
    """What was there before the visitors began has to be there still."""
    site = CheckoutSite()
    with shoppers_at(site) as shoppers:
        shopping = shoppers.start_shopping()
        del site.checkouts[shopping.marker]
        with pytest.raises(AssertionError, match="does not show the checkout"):
            shoppers.assert_writes_done_once(shopping)


def test_failures_are_counted() -> None:
    """As many as a lost pod may cost, and none after the recovery."""
    site = CheckoutSite()
    with shoppers_at(site) as shoppers:
        shopping = shoppers.start_shopping()
        site.failing = True
        with pytest.raises(AssertionError, match="failed, and at most 2 may: POST"):
            shoppers.assert_few_failed(shopping.traffic, 2)
        with pytest.raises(AssertionError, match="After the recovery: POST"):
            shoppers.assert_few_failed(shopping.traffic, 9000)


def test_a_system_that_takes_nothing_proves_nothing() -> None:
    """Where no write was acknowledged, none can be lost."""
    site = CheckoutSite()
    with shoppers_at(site) as shoppers:
        shopping = shoppers.start_shopping()
        shoppers.assert_all_answered(shopping)
        shopping.shopper.writes.clear()
        with pytest.raises(AssertionError, match="fewer than 10 prove nothing"):
            shoppers.assert_writes_done_once(shopping)
