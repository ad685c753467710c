"""Speaks the HTTP API of the checkout system, as its page does; verbs stand only here."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.contract import Contract
    from acceptance.drivers.http import Http, Reply

_LONG_PAGE = 100
_VISITED = {"backend": "checkouts", "frontend": "page"}
"""The route that visitors ask each role for."""
_CONTEXT_PARTS = 4
ROUTES_COMMAND = ("python", "-m", "checkout_backend.routes")
"""What prints all routes of the service in its container: JSON, pairs of method and path."""


class CheckoutApi:
    """Sends the API's requests through one HTTP client.

    Each raises `LackingPart` if the system has not the route or the header.
    """

    def __init__(self, http: Http, contract: Contract) -> None:
        """Send through `http` to the routes of the `contract`."""
        self._http = http
        self._contract = contract

    def page(self, *, host: str | None = None) -> Reply:
        """Ask for the frontend's page, under another `host` if one is given."""
        return self._http.send("GET", self._path("page"), host=host)

    def checkouts(self, *, request_id: str = "", trace: str = "") -> Reply:
        """Ask for the list of checkouts, under a request id and in a trace if they are given.

        `trace` is the id of a trace that the caller has begun (W3C Trace Context, traceparent).
        """
        headers = self._named(request_id)
        if trace:
            name = self._contract.part("headers.trace")
            headers[name] = f"00-{trace}-{uuid.uuid4().hex[:16]}-01"
        return self._http.send("GET", self._path("checkouts"), headers=headers)

    def first_page(self, *, request_id: str = "") -> Reply:
        """Ask for the first page of the list, under a request id if one is given."""
        return self._http.send("GET", first_page(self._contract), headers=self._named(request_id))

    def pages_in_turn(self) -> Callable[[], Reply]:
        """Return what asks for the first and the second page of the list in turn."""
        path = first = first_page(self._contract)

        def ask() -> Reply:
            nonlocal path
            reply = self._http.send("GET", path)
            path = second_page(reply, first) or first
            return reply

        return ask

    def newest(self, cursor: str = "") -> Reply:
        """Ask for a long page of the list, newest first: the first one, or that after `cursor`."""
        after = f"&after={quote(cursor, safe='')}" if cursor else ""
        return self._http.send("GET", f"{self._path('checkouts')}?limit={_LONG_PAGE}{after}")

    def page_after(self, cursor: str) -> Reply:
        """Ask for the page of the list after `cursor`, which is sent as it is given."""
        return self._http.send("GET", f"{self._path('checkouts')}?after={quote(cursor, safe='')}")

    def openapi_document(self) -> Reply:
        """Ask the service for its OpenAPI document."""
        return self._http.send("GET", self._path("openapi"))

    def visit(self, role: str) -> Reply:
        """Ask the backend or the frontend, by its role, for what visitors ask it for."""
        return self._http.send("GET", self._path(_VISITED[role]))

    def checkout(self, checkout_id: str) -> Reply:
        """Ask for one checkout; any text may stand in place of its id."""
        return self._http.send("GET", self._path("checkout", checkout_id))

    def create(self, customer: str) -> Reply:
        """Create a checkout without items."""
        return self._http.send("POST", self._path("checkouts"), body={"customer": customer})

    def add_item(
        self, checkout_id: str, sku: str, quantity: int, cents: int, *, name: str = ""
    ) -> Reply:
        """Add an item, each piece of which costs `cents`; its name is its `sku` by default."""
        item = {"sku": sku, "name": name or sku, "quantity": quantity, "unit_price_cents": cents}
        return self._http.send("POST", self._path("items", checkout_id), body=item)

    def cancel(self, checkout_id: str) -> Reply:
        """Cancel a checkout; any text may stand in place of its id."""
        return self._http.send("POST", self._path("cancellation", checkout_id))

    def pay(self, checkout_id: str, cents: Any) -> Reply:  # noqa: ANN401 (as the API told it)
        """Pay a checkout, under an idempotency key of its own."""
        return self._http.send(
            "POST",
            self._path("payment", checkout_id),
            body={"amount_cents": cents},
            headers={"Idempotency-Key": uuid.uuid4().hex},
        )

    def _path(self, name: str, checkout_id: str = "") -> str:
        return self._contract.path(name, checkout_id)

    def _named(self, request_id: str) -> dict[str, str]:
        return {self._contract.part("headers.request_id"): request_id} if request_id else {}


def first_page(contract: Contract) -> str:
    """Return the path of the first page of the list, with one checkout on each page.

    Raises `LackingPart` if the system has no list.
    """
    return f"{contract.path('checkouts')}?limit=1"


def named_trace(reply: Reply, contract: Contract) -> tuple[str, str]:
    """Return the trace and the span that an answer names, both empty if it names none.

    Source: the header traceresponse of W3C Trace Context Level 2, with four parts.
    """
    parts = reply.header(contract.part("headers.trace_of_answer")).split("-")
    return (parts[1], parts[2]) if len(parts) == _CONTEXT_PARTS else ("", "")


def second_page(reply: Reply, first: str) -> str:
    """Return the path of the second page after an answer with the `first`; after any other, ""."""
    found = reply.json()
    if "after=" in reply.request or not isinstance(found, dict) or not found.get("next"):
        return ""
    return f"{first}&after={found['next']}"


def transcript(host: str, reply: Reply) -> str:
    """Write a request and its answer as text."""
    head = "\n".join(f"{name}: {value}" for name, value in reply.headers)
    status = reply.error or f"HTTP {reply.status}"
    return f"{reply.request}\nHost: {host}\n\n{status}\n{head}\n\n{reply.text}"
