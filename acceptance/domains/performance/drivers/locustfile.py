"""What the visitors of a load do. Only the locust program loads it: importing it patches sockets.

It gets its settings from the environment variables that `load.py` beside it sets.
"""

from __future__ import annotations

import json
import os
import uuid
from typing import Any

import gevent.ssl  # type: ignore[import-untyped]
from locust import FastHttpUser, between

_HOST = os.environ["LOAD_HOST"]
_PAGE, _CHECKOUTS, _CHECKOUT, _ITEMS, _PAYMENT = json.loads(os.environ["LOAD_ROUTES"])
_ID = "{id}"
_TEA = {"sku": "TEA-1", "name": "Tea", "quantity": 2, "unit_price_cents": 350}
_PRICE_CENTS = 700


class _Trust(gevent.ssl.SSLContext):  # type: ignore[misc]
    """Trusts the one authority, and expects the system's name at whatever address."""

    def wrap_socket(self, sock: Any, **options: Any) -> Any:  # noqa: ANN401 (gevent's own)
        return super().wrap_socket(sock, **{**options, "server_hostname": _HOST})


def _trust() -> _Trust:
    context = _Trust(gevent.ssl.PROTOCOL_TLS_CLIENT)
    if authority := os.environ["LOAD_AUTHORITY"]:
        context.load_verify_locations(cadata=authority)
    else:
        context.load_default_certs()
    return context


_TRUST = _trust()
"""Made once: reading certificates takes long, and every visitor would wait for it."""


class LoadVisitor(FastHttpUser):
    """Opens the page, the list and a checkout, and sometimes buys."""

    wait_time = between(*json.loads(os.environ["LOAD_THINK"]))
    default_headers = {"Host": _HOST}  # noqa: RUF012 (locust's own attribute)
    # A visitor waits no longer; a slower answer counts as an error.
    connection_timeout = network_timeout = float(os.environ["LOAD_PATIENCE"])
    max_redirects = 0
    insecure = False
    # locust calls it with a file of authorities, which is not used.
    ssl_context_factory = staticmethod(lambda cafile=None: _TRUST)  # noqa: ARG005

    def on_start(self) -> None:
        """Buy a checkout to read later."""
        self._own = ""
        self.buy()

    def open_page(self) -> None:
        """Load the page."""
        self.client.get(_PAGE, name="open the page")

    def list_checkouts(self) -> None:
        """List the newest checkouts."""
        self.client.get(_CHECKOUTS, name="list checkouts")

    def read_checkout(self) -> None:
        """Read the checkout that this visitor bought last."""
        if self._own:
            self.client.get(_CHECKOUT.replace(_ID, self._own), name="read a checkout")

    def buy(self) -> None:
        """Create a checkout, add an item and pay; a failure is counted and ends the purchase."""
        with self.client.post(
            _CHECKOUTS, json={"customer": "Load"}, name="create a checkout"
        ) as created:
            found = created.json() if created.ok else None
        if not found:
            return
        items = _ITEMS.replace(_ID, found["id"])
        with self.client.post(items, json=_TEA, name="add an item") as added:
            if not added.ok:
                return
        paid = self.client.post(
            _PAYMENT.replace(_ID, found["id"]),
            json={"amount_cents": _PRICE_CENTS},
            headers={"Idempotency-Key": uuid.uuid4().hex},
            name="pay a checkout",
        )
        if paid.ok:
            self._own = found["id"]


_ACTIONS = {
    "page": LoadVisitor.open_page,
    "list": LoadVisitor.list_checkouts,
    "read": LoadVisitor.read_checkout,
    "buy": LoadVisitor.buy,
}
_MIX = json.loads(os.environ["LOAD_MIX"])
LoadVisitor.tasks = [_ACTIONS[name] for name, weight in _MIX.items() for _ in range(weight)]
