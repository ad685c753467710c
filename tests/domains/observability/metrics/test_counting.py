from __future__ import annotations

from typing import Any, cast

import pytest

from acceptance.domains.observability import CounterState, SentRequests, TrafficCounter
from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
from acceptance.domains.observability.drivers.prometheus import (
    Sample,
    Samples,
    ScrapeTarget,
    ScrapeTargets,
)
from acceptance.domains.observability.metrics.known_traffic import (
    CREATED,
    FAILED,
    PAID,
    KnownTraffic,
)
from acceptance.drivers.checkout_api import CheckoutApi
from acceptance.drivers.http import Reply
from acceptance.judgement import Unverifiable
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

REFUSED = '{"type": "tag:checkout.local,2026:wrong-amount"}'
ITEMS = "POST /api/checkouts/{checkout_id}/items"
DOCUMENT: dict[str, Any] = {
    "paths": {
        "/api/checkouts": {},
        "/api/checkouts/{checkout_id}": {},
        "/api/checkouts/{checkout_id}/items": {},
        "/api/checkouts/{checkout_id}/payment": {},
    }
}


def state(items: float, *, paid: float = 0, seconds: float = 0.0) -> CounterState:
    """What Prometheus has counted."""
    return CounterState(
        requests=((f"{ITEMS} 201", items),),
        durations=((ITEMS, items),),
        seconds=seconds,
        checkouts=(("created", 13.0), ("paid", paid)),
    )


def sent(after: CounterState, *, paid: int = 7) -> SentRequests:
    """Thirteen items and some payments, for which the visitors waited two seconds."""
    return SentRequests(
        requests=((f"{ITEMS} 201", 13),),
        checkouts=(("paid", paid),),
        seconds=2.0,
        before=state(5, seconds=1.0),
        after=after,
    )


@pytest.fixture
def counter() -> TrafficCounter:
    """An actor, who asks nobody here."""
    return TrafficCounter(context_of(SYSTEM))


def test_exact_counts_pass(counter: TrafficCounter) -> None:
    """What rose by as much as was sent is right, whatever was counted before."""
    found = sent(state(18, paid=7, seconds=2.5))
    counter.assert_requests_counted(found)
    counter.assert_checkouts_counted(found)
    counter.assert_durations_measured(found)


@pytest.mark.parametrize("counted", [17, 19, 31, 5])
def test_every_other_count_is_named(counter: TrafficCounter, counted: float) -> None:
    """One too few, one too many, twice as many and none are all wrong."""
    with pytest.raises(AssertionError, match="13 requests, and Prometheus counted"):
        counter.assert_requests_counted(sent(state(counted)))


def test_checkouts_are_counted_too(counter: TrafficCounter) -> None:
    """Refused payments that were counted as paid are seen."""
    with pytest.raises(AssertionError, match="paid: 7 checkouts, and Prometheus counted 12"):
        counter.assert_checkouts_counted(sent(state(18, paid=12)))


@pytest.mark.parametrize("measured", [0.0, 2000.0])
def test_durations_are_in_seconds(counter: TrafficCounter, measured: float) -> None:
    """Durations of nothing, and longer than the visitors waited, are in no unit of time."""
    with pytest.raises(AssertionError, match="is not in seconds"):
        counter.assert_durations_measured(sent(state(18, seconds=1.0 + measured)))


class Api:
    """Answers as the service does; `paying` is its answer to a right payment."""

    def __init__(self, paying: int = 200) -> None:
        """Answer with statuses alone."""
        self._paying = paying

    def create(self, customer: str) -> Reply:
        """Create a checkout."""
        assert customer
        return reply_to("POST /api/checkouts", 201, '{"id": "1"}')

    def add_item(self, one: str, sku: str, quantity: int, cents: int) -> Reply:
        """Add an item, of which there has to be at least one."""
        assert sku
        assert cents
        return reply_to(f"POST /api/checkouts/{one}/items", 201 if quantity else 422)

    def checkout(self, one: str) -> Reply:
        """Read a checkout."""
        return reply_to(f"GET /api/checkouts/{one}", 200 if one == "1" else 404)

    def pay(self, one: str, cents: int) -> Reply:
        """Pay what an item costs."""
        if cents != 350:
            return reply_to(f"POST /api/checkouts/{one}/payment", 409, REFUSED)
        return reply_to(f"POST /api/checkouts/{one}/payment", self._paying)


def reply_to(request: str, status: int, text: str = "{}") -> Reply:
    """An answer; none at all for the status 0."""
    return Reply(request=request, status=status or None, headers=(), text=text, seconds=0.0)


def test_known_traffic_is_recorded_by_route() -> None:
    """Requests are recorded under the templates of the API's own document."""
    traffic = KnownTraffic(cast("CheckoutApi", Api()), DOCUMENT)
    traffic.send_all()
    assert traffic.requests == {
        "POST /api/checkouts 201": 13,
        f"{ITEMS} 201": 13,
        f"{ITEMS} 422": 2,
        "GET /api/checkouts/{checkout_id} 200": 11,
        "GET /api/checkouts/{checkout_id} 404": 3,
        "POST /api/checkouts/{checkout_id}/payment 200": 7,
        "POST /api/checkouts/{checkout_id}/payment 409": 5,
    }
    assert traffic.events == {"created": CREATED, "paid": PAID}


def test_errors_and_refusals_are_recorded() -> None:
    """What the service refused by its reason, and what failed by its status."""
    traffic = KnownTraffic(cast("CheckoutApi", Api()), DOCUMENT)
    traffic.send_all()
    assert traffic.refusals == {"wrong-amount": 5}
    failing = KnownTraffic(cast("CheckoutApi", Api(paying=500)), DOCUMENT)
    failing.send_failing()
    assert failing.requests["POST /api/checkouts/{checkout_id}/payment 500"] == FAILED
    assert failing.events == {"created": 1}
    with pytest.raises(Unverifiable, match="should have failed, and did not"):
        traffic.send_failing()


@pytest.mark.parametrize("status", [503, 0])
def test_traffic_that_did_not_come_about_is_a_failed_check(status: int) -> None:
    """The system has not let visitors pay, however sound its counters are."""
    traffic = KnownTraffic(cast("CheckoutApi", Api(paying=status)), DOCUMENT)
    with pytest.raises(AssertionError, match=r"Visitors were to do|was not answered"):
        traffic.send_all()


class Restarted:
    """A Prometheus that was started again: it still says what was so before its first scrape."""

    def __init__(self) -> None:
        """Scrape at the third look."""
        self.looks = 0

    def targets(self) -> ScrapeTargets:
        """The backend, which is not scraped yet at the first two looks."""
        self.looks += 1
        health = "up" if self.looks > 2 else "unknown"
        target = ScrapeTarget("backend", "a", "10.0.0.1", "", health, "", 5.0)
        return ScrapeTargets(MonitoringEndpoint("prometheus", "a/b", "/it"), (target,), "")

    def total(self, metric: str, job: str) -> Samples:
        """What was counted, at any time."""
        return Samples(f"{metric} {job}", (Sample((), 1.0),), "")


def test_what_was_counted_before_a_restart_is_not_taken_for_new(counter: TrafficCounter) -> None:
    """Only after a scrape does Prometheus say what is so now."""
    client = Restarted()
    counter._await_first_scrape(cast("Any", client))
    assert client.looks == 3
