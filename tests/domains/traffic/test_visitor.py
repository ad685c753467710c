from __future__ import annotations

from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import TYPE_CHECKING, TypeVar

import pytest

from acceptance.domains.traffic import SteadyVisitors, Visitor
from acceptance.drivers.http import Reply
from acceptance.judgement import Unverifiable
from acceptance.settings import Timeouts
from tests.fakes.checkout_site import BACKENDS, FRONTENDS, CheckoutSite
from tests.support.actors import context_of

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK = Timeouts(request=1.0, ingress=0.3, readiness_change=0.1)
ActorT = TypeVar("ActorT", Visitor, SteadyVisitors)


class Cluster:
    """Two ready pods of each role."""

    def pods(self, _: str, workload: str) -> tuple[SimpleNamespace, ...]:
        """Return the ready pods of a workload."""
        names = {"backend": BACKENDS, "frontend": FRONTENDS}[workload]
        return tuple(SimpleNamespace(name=name, serving=True) for name in names)

    def workloads(self, _: str) -> tuple[SimpleNamespace, ...]:
        """Return workloads at full strength."""
        return tuple(SimpleNamespace(name=name, full=True) for name in ("backend", "frontend"))

    def watch(self, _: str) -> nullcontext[None]:
        """Return a watch without events."""
        return nullcontext()


@contextmanager
def at(site: CheckoutSite, kind: type[ActorT]) -> Iterator[ActorT]:
    """Serve the site, and give an actor that uses it."""
    with site, kind(context_of(site.system, Cluster(), timeouts=QUICK)) as actor:
        yield actor


def test_a_checkout_is_made_paid_and_found() -> None:
    """What was written is what is read again, until it is gone."""
    site = CheckoutSite()
    with at(site, Visitor) as visitor:
        purchase = visitor.pay_checkout(visitor.create_checkout())
        assert [item["sku"] for item in purchase.told["items"]] == ["TEA-1", "CUP-2"]
        visitor.assert_checkout_kept(purchase)
        with pytest.raises(AssertionError, match="The checkout is still there"):
            visitor.assert_checkout_gone(purchase)
        site.checkouts.clear()
        visitor.assert_checkout_gone(purchase)
        with pytest.raises(AssertionError, match="The checkout is not there any more"):
            visitor.assert_checkout_kept(purchase)


def test_a_refused_visitor_is_reported() -> None:
    """The answer of a broken service is in the message."""
    with (
        at(CheckoutSite(failing=True), Visitor) as visitor,
        pytest.raises(AssertionError, match=r"The visitor was refused: POST .*HTTP 500"),
    ):
        visitor.create_checkout()


def test_the_request_id_comes_back() -> None:
    """A visit is known by the id that the visitor chose."""
    with at(CheckoutSite(), Visitor) as visitor:
        assert visitor.visit_with_request_id().startswith("acceptance-")


def test_every_ready_pod_has_to_serve() -> None:
    """A ready pod that serves nobody is named."""
    with at(CheckoutSite(), Visitor) as visitor:
        visitor.assert_every_pod_served(visitor.reach_every_pod("backend"))
        visitor.assert_every_pod_served(visitor.reach_every_pod("frontend"))
    with (
        at(CheckoutSite(backends=BACKENDS[:1]), Visitor) as visitor,
        pytest.raises(AssertionError, match="backend-b is ready and served no visitor"),
    ):
        visitor.assert_every_pod_served(visitor.reach_every_pod("backend"))


def test_page_and_service_come_from_their_pods() -> None:
    """Each is answered by a ready pod of its own role."""
    with at(CheckoutSite(), Visitor) as visitor:
        site = visitor.open_by_name()
        visitor.assert_page_from_frontend(site.page)
        visitor.assert_service_from_backend(site.service)
        with pytest.raises(AssertionError, match="The service does not answer"):
            visitor.assert_service_from_backend(site.page)
        with pytest.raises(AssertionError, match="There is no page"):
            visitor.assert_page_from_frontend(site.service)
    with at(CheckoutSite(backends=("stranger",)), Visitor) as visitor:
        answers = visitor.open_by_name()
        with pytest.raises(AssertionError, match="stranger, which is none of backend-a, backend-b"):
            visitor.assert_service_from_backend(answers.service)


def test_an_unknown_host_has_to_be_refused() -> None:
    """An ingress that serves the page for every host is seen."""
    with at(CheckoutSite(), Visitor) as visitor:
        visitor.assert_unknown_host_refused(visitor.ask_unknown_host())
    with (
        at(CheckoutSite(any_host=True), Visitor) as visitor,
        pytest.raises(AssertionError, match="The unknown host was not refused"),
    ):
        visitor.assert_unknown_host_refused(visitor.ask_unknown_host())


def test_steady_visitors_are_all_served() -> None:
    """Both kinds of traffic end with answers from more than one pod."""
    with at(CheckoutSite(), SteadyVisitors) as visitors:
        visitors.assert_served_until_now(visitors.send_requests("backend"))
        traffic = visitors.turn_pages()
        visitors.assert_served_until_now(traffic)
        seen = traffic.stop()
        visitors.assert_served(seen)
        assert any("after=cursor" in reply.request for reply in seen.replies)


def test_one_visitor_that_is_not_served_fails_the_traffic() -> None:
    """A single failure among many answers is enough."""
    site = CheckoutSite()
    with at(site, SteadyVisitors) as visitors:
        traffic = visitors.send_requests("backend")
        site.failing = True
        with pytest.raises(AssertionError, match="A visitor was not served"):
            visitors.assert_served_until_now(traffic)


def test_traffic_of_one_pod_proves_no_takeover() -> None:
    """Where one pod served everything, none has taken over."""
    with (
        at(CheckoutSite(backends=BACKENDS[:1]), SteadyVisitors) as visitors,
        pytest.raises(AssertionError, match="All requests were served by backend-a"),
    ):
        visitors.assert_served_until_now(visitors.send_requests("backend"))


@pytest.mark.parametrize(
    ("header", "trace_id"), [("00-" + "a" * 32 + "-" + "b" * 16 + "-01", "a" * 32), ("odd", "")]
)
def test_a_payment_that_fails_names_its_trace(header: str, trace_id: str) -> None:
    """One that is taken all the same shows nothing about failures."""
    site = CheckoutSite()
    with at(site, Visitor) as visitor:
        purchase = visitor.create_checkout()
        refused = Reply(500, (("traceresponse", header),), "", 0.0)
        visitor._api = SimpleNamespace(pay=lambda *_: refused)  # type: ignore[assignment]
        assert visitor.pay_in_vain(purchase).trace_id == trace_id
        visitor._api = SimpleNamespace(pay=lambda *_: Reply(200, (), "", 0.0))  # type: ignore[assignment]
        with pytest.raises(Unverifiable, match="should have failed, and did not"):
            visitor.pay_in_vain(purchase)
