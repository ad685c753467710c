"""Sends a known number of requests of each kind, and records how each was answered."""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from acceptance.judgement import Unverifiable
from acceptance.waiting import SYSTEM_CLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acceptance.drivers.checkout_api import CheckoutApi
    from acceptance.drivers.http import Reply

CREATED, READ, PAID, REFUSED, UNKNOWN, INVALID, FAILED = 13, 11, 7, 5, 3, 2, 4
"""How often each kind of request is sent: numbers that no other kind equals by accident."""
_ITEM, _CENTS = "TEA-1", 350


class KnownTraffic:
    """The requests of visitors who do what they are expected to do."""

    def __init__(self, api: CheckoutApi, document: Mapping[str, Any]) -> None:
        """Send through `api`, whose OpenAPI `document` says to which route a path belongs."""
        self._api = api
        self._document = document
        self._routes = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in document["paths"]
        ]
        self.requests: Counter[str] = Counter()
        """By method, route and status, joined by a blank."""
        self.events: Counter[str] = Counter()
        """Checkouts that were created, and that were paid."""
        self.refusals: Counter[str] = Counter()
        """Changes that the service refused, by its reason."""
        self.seconds = 0.0
        """The seconds for which the visitors waited, in sum."""

    def anew(self) -> KnownTraffic:
        """Return the same without any request."""
        return KnownTraffic(self._api, self._document)

    def add(self, other: KnownTraffic) -> None:
        """Add the requests of another one."""
        self.requests.update(other.requests)
        self.events.update(other.events)
        self.refusals.update(other.refusals)
        self.seconds += other.seconds

    def send_all(self) -> None:
        """Send every kind of request.

        It is a failed check if a checkout could not be created or paid.
        """
        api = self._api
        made: list[str] = []
        for number in range(CREATED):
            reply = self._send(partial(api.create, f"Counted {number}"), "created")
            made.append(str((reply.json() or {}).get("id")))
            self._send(partial(api.add_item, made[-1], _ITEM, 1, _CENTS))
        for one in made[:READ]:
            self._send(partial(api.checkout, one))
        for one in made[:PAID]:
            self._send(partial(api.pay, one, _CENTS), "paid")
        for one in made[PAID : PAID + REFUSED]:
            self._send(partial(api.pay, one, _CENTS - 1), "paid")
        for number in range(UNKNOWN):
            self._send(partial(api.checkout, f"00000000-0000-4000-8000-{number:012}"))
        for _ in range(INVALID):
            self._send(partial(api.add_item, made[-1], _ITEM, 0, _CENTS))
        wanted = {"created": CREATED, "paid": PAID}
        if dict(self.events) != wanted:
            message = f"Visitors were to do {wanted}, and did {dict(self.events)}."
            raise AssertionError(message)

    def send_failing(self) -> None:
        """Try to pay a checkout, which fails each time by an error of the server.

        Raises `Unverifiable` if there was no error.
        """
        made = self._send(partial(self._api.create, "Counted last"), "created")
        one = str((made.json() or {}).get("id"))
        self._send(partial(self._api.add_item, one, _ITEM, 1, _CENTS))
        replies = [self._send(partial(self._api.pay, one, _CENTS)) for _ in range(FAILED)]
        for reply in replies:
            if reply.status is None or reply.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                raise Unverifiable(f"The payment should have failed, and did not: {reply}.")

    def _send(self, ask: Callable[[], Reply], event: str = "") -> Reply:
        started = SYSTEM_CLOCK.now()
        reply = ask()
        self.seconds += SYSTEM_CLOCK.now() - started
        if not reply.status:
            raise AssertionError(f"A visitor was not answered: {reply}.")
        method, _, path = reply.request.partition(" ")
        route = next((name for form, name in self._routes if form.fullmatch(path)), "unknown")
        self.requests[f"{method} {route} {reply.status}"] += 1
        if reply.status == HTTPStatus.CONFLICT:
            found = reply.json()
            kind = str(found.get("type", "")) if isinstance(found, dict) else ""
            self.refusals[kind.rpartition(":")[2]] += 1
        if event and reply.succeeded:
            self.events[event] += 1
        return reply
