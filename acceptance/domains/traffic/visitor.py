"""Uses the system over HTTP by its name, and checks the answers and which pods gave them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.domains.traffic.actor import IngressActor
from acceptance.drivers.checkout_api import named_trace
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, require, require_each
from acceptance.waiting import last_seen

if TYPE_CHECKING:
    from acceptance.drivers.http import Reply

_NOT_FOUND = 404
_SERVER_ERROR = 500
_EVERY_POD_SECONDS = 20.0
"""So long visitors come while the ingress sends none of them to a pod that is ready."""
_ITEMS = (("TEA-1", 2, 350), ("CUP-2", 1, 1250))
"""What a visitor puts into a checkout: SKU, quantity and unit price in cents."""


@dataclass(frozen=True)
class Purchase:
    """A checkout that a visitor made, as the service returned it."""

    id: str
    told: Any


@dataclass(frozen=True)
class RefusedPayment:
    """The answer to a payment that failed, and the trace that the answer names."""

    reply: Reply
    trace_id: str
    """Empty if it names none."""
    span_id: str = ""
    """The service's own span in it."""


@dataclass(frozen=True)
class ServedRequest:
    """A visitor's request: its id, and the pod that served it."""

    id: str
    pod: str


@dataclass(frozen=True)
class PodCoverage:
    """Which pods were ready, and what they answered."""

    ready: tuple[str, ...]
    replies: tuple[Reply, ...]


@dataclass(frozen=True)
class SiteAnswers:
    """What the page and the service answered at the system's name."""

    page: Reply
    service: Reply


@dataclass(frozen=True)
class HostAnswers:
    """What the ingress answered to the same request for the known and for an unknown host."""

    known: Reply
    unknown: Reply


class Visitor(IngressActor):
    """Makes checkouts over HTTP at the system's name, and checks what comes back."""

    def create_checkout(self) -> Purchase:
        """Create a checkout with two items."""
        created = _accepted(self._api.create(f"Visitor {uuid.uuid4().hex[:8]}"))
        found = created.json()
        require(
            isinstance(found, dict) and found.get("id"),
            f"The new checkout has no id: {created}.",
        )
        for sku, quantity, cents in _ITEMS:
            _accepted(self._api.add_item(found["id"], sku, quantity, cents))
        told = self._read(found["id"])
        require(
            len(told.get("items", ())) == len(_ITEMS),
            f"The checkout {found['id']} did not keep two items.",
        )
        self._keep("Checkout as written", pretty(told))
        return Purchase(found["id"], told)

    def pay_checkout(self, purchase: Purchase) -> Purchase:
        """Pay a checkout, and return it as the service returns it then."""
        reply = self._api.pay(purchase.id, purchase.told.get("total_cents"))
        require(reply.succeeded, f"The visitor could not pay: {reply}.")
        told = self._read(purchase.id)
        require(told.get("status") == "paid", f"The checkout {purchase.id} is not paid: {told}.")
        self._keep("Checkout as paid", pretty(told))
        return Purchase(purchase.id, told)

    def pay_in_vain(self, purchase: Purchase) -> RefusedPayment:
        """Try to pay a checkout while the service cannot take it.

        Raises `Unverifiable` if it is paid all the same: then there is no failure to look at.
        """
        reply = self._api.pay(purchase.id, purchase.told.get("total_cents"))
        self._keep_reply("The payment that failed", self._http.host, reply)
        if reply.status is None or reply.status < _SERVER_ERROR:
            message = f"The payment should have failed, and did not: {reply}."
            raise Unverifiable(message)
        return RefusedPayment(reply, *named_trace(reply, self.system.contract))

    def assert_checkout_gone(self, purchase: Purchase) -> None:
        """The service says that there is no such checkout."""
        reply = self._api.checkout(purchase.id)
        require(reply.status == _NOT_FOUND, f"The checkout is still there: {reply}.")

    def assert_checkout_kept(self, purchase: Purchase) -> None:
        """The checkout is what it was when it was made."""
        reply = self._until_success(lambda: self._api.checkout(purchase.id))
        self._keep("Checkout as read again", reply.text)
        require(reply.succeeded, f"The checkout is not there any more: {reply}.")
        require(
            reply.json() == purchase.told, f"The checkout {purchase.id} is not what was written."
        )

    def visit_with_request_id(self) -> str:
        """Ask for the list of checkouts under a new request id, and return the id."""
        self._until_success(self._api.checkouts)
        chosen = f"acceptance-{uuid.uuid4().hex}"
        reply = self._api.checkouts(request_id=chosen)
        self._keep_reply("The visit", self._http.host, reply)
        require(reply.succeeded, f"The visitor was refused: {reply}.")
        said = reply.header(self.system.contract.part("headers.request_id"))
        require(said == chosen, f"The backend calls the request {said!r} and not {chosen!r}.")
        return chosen

    def visit_with_known_pod(self) -> ServedRequest:
        """Ask for the list of checkouts under a new request id, and note which pod answers."""
        self._until_success(self._api.checkouts)
        chosen = f"acceptance-{uuid.uuid4().hex}"
        reply = self._api.checkouts(request_id=chosen)
        self._keep_reply("The visit", self._http.host, reply)
        require(reply.succeeded, f"The visitor was refused: {reply}.")
        require(reply.served_by, f"The answer does not say which pod gave it: {reply}.")
        return ServedRequest(chosen, reply.served_by)

    def reach_every_pod(self, role: str) -> PodCoverage:
        """Send requests until each ready pod has answered one, or for a while."""
        ready = self.serving_when_full(self.system.named(role))
        self._until_success(lambda: self._api.visit(role))
        replies: list[Reply] = []

        def send() -> set[str]:
            replies.append(self._api.visit(role))
            return {reply.served_by for reply in replies}

        # A pod that became ready a moment ago is known to the ingress a moment later.
        longest = min(self._timeouts.ingress, _EVERY_POD_SECONDS)
        last_seen(send, lambda served: set(ready) <= served, timeout=longest)
        counts: dict[str, int] = {}
        for reply in replies:
            counts[reply.served_by or str(reply)] = counts.get(reply.served_by or str(reply), 0) + 1
        self._keep("Which pods served visitors", pretty({"ready": ready, "served": counts}))
        return PodCoverage(ready, tuple(replies))

    def assert_every_pod_served(self, coverage: PodCoverage) -> None:
        """Two or more pods are ready, each has served a visitor, and no visitor was refused."""
        served = {reply.served_by for reply in coverage.replies if reply.succeeded}
        require(len(coverage.ready) > 1, f"There are not two ready pods: {coverage.ready}.")
        require_each(
            coverage.ready,
            lambda pod: None if pod in served else f"{pod} is ready and served no visitor",
            nothing="No pod is ready.",
        )
        require_each(
            coverage.replies,
            lambda reply: None if reply.succeeded else f"A visitor was not served: {reply}",
            nothing="No visitor came.",
        )

    def open_by_name(self) -> SiteAnswers:
        """Ask for the page and for the service at the system's name."""
        answers = SiteAnswers(
            self._until_success(self._api.page), self._until_success(self._api.checkouts)
        )
        for title, reply in (("The page", answers.page), ("The service", answers.service)):
            self._keep_reply(f"{title} by name", self._http.host, reply)
        return answers

    def assert_page_from_frontend(self, page: Reply) -> None:
        """The page is HTML and comes from a ready pod of the frontend."""
        pods = self.serving(self.system.workloads.frontend)
        require(page.succeeded and page.media_type == "text/html", f"There is no page: {page}.")
        require(
            page.served_by in pods,
            f"The page came from {page.served_by or 'a server without a name'}, "
            f"which is none of {', '.join(pods)}.",
        )

    def assert_service_from_backend(self, service: Reply) -> None:
        """The service answers with JSON, from a ready pod of the backend."""
        pods = self.serving(self.system.workloads.backend)
        require(
            service.succeeded and service.media_type == "application/json",
            f"The service does not answer: {service}.",
        )
        require(
            service.served_by in pods,
            f"The service was answered by {service.served_by or 'a server without a name'}, "
            f"which is none of {', '.join(pods)}.",
        )

    def ask_unknown_host(self) -> HostAnswers:
        """Send the same request for the known and for an unknown host."""
        known = self._until_success(self._api.page)
        unknown = self._api.page(host=f"unknown-{uuid.uuid4().hex[:8]}.invalid")
        self._keep_reply("An unknown host", "an unknown host", unknown)
        return HostAnswers(known, unknown)

    def assert_unknown_host_refused(self, answers: HostAnswers) -> None:
        """The known host got its page, and the unknown one a 404."""
        require(answers.known.succeeded, f"The known host is not served either: {answers.known}.")
        require(
            answers.unknown.status == _NOT_FOUND,
            f"The unknown host was not refused: {answers.unknown}.",
        )

    def _read(self, checkout_id: str) -> Any:  # noqa: ANN401 (the shape is judged by the caller)
        return _accepted(self._until_success(lambda: self._api.checkout(checkout_id))).json()


def _accepted(reply: Reply) -> Reply:
    require(reply.succeeded, f"The visitor was refused: {reply}.")
    return reply
