"""What locust's visitors do. Loaded by the locust program only: importing it patches sockets.

Everything that it needs comes by environment, from `acceptance.domains.performance.drivers.load`, which starts it.
"""

from __future__ import annotations

import json
import os
import uuid
from typing import Any

import gevent.ssl  # type: ignore[import-untyped]
from locust import FastHttpUser, between

_HOST = os.environ["LOAD_HOST"]
_CHECKOUTS = "/api/checkouts"
_TEA = {"sku": "TEA-1", "name": "Tea", "quantity": 2, "unit_price_cents": 350}
_PRICE_CENTS = 700


class _Trust(gevent.ssl.SSLContext):  # type: ignore[misc]
    """Believes the one authority, and expects the system's name, whatever address was dialled."""

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
"""Made once: reading certificates takes long, and all visitors wait meanwhile."""


class Visitor(FastHttpUser):
    """One of many visitors: looks at the page, the list and a checkout, and now and then buys."""

    wait_time = between(*json.loads(os.environ["LOAD_THINK"]))
    default_headers = {"Host": _HOST}  # noqa: RUF012 (locust's own attribute)
    # A visitor waits no longer; an answer that takes so long counts as an error.
    connection_timeout = network_timeout = float(os.environ["LOAD_PATIENCE"])
    max_redirects = 0
    insecure = False
    # It is told of a file with authorities, and would be given it if it did not take it.
    ssl_context_factory = staticmethod(lambda cafile=None: _TRUST)  # noqa: ARG005

    def on_start(self) -> None:
        """Have a checkout of one's own to read."""
        self._own = ""
        self.buy()

    def open_page(self) -> None:
        """Load the page."""
        self.client.get("/", name="open the page")

    def list_checkouts(self) -> None:
        """List the newest checkouts."""
        self.client.get(_CHECKOUTS, name="list checkouts")

    def read_checkout(self) -> None:
        """Read the last checkout that one bought."""
        if self._own:
            self.client.get(f"{_CHECKOUTS}/{self._own}", name="read a checkout")

    def buy(self) -> None:
        """Create a checkout, add an item and pay; what fails ends it, and is counted."""
        with self.client.post(
            _CHECKOUTS, json={"customer": "Load"}, name="create a checkout"
        ) as created:
            found = created.json() if created.ok else None
        if not found:
            return
        path = f"{_CHECKOUTS}/{found['id']}"
        with self.client.post(f"{path}/items", json=_TEA, name="add an item") as added:
            if not added.ok:
                return
        paid = self.client.post(
            f"{path}/payment",
            json={"amount_cents": _PRICE_CENTS},
            headers={"Idempotency-Key": uuid.uuid4().hex},
            name="pay a checkout",
        )
        if paid.ok:
            self._own = found["id"]


_ACTIONS = {
    "page": Visitor.open_page,
    "list": Visitor.list_checkouts,
    "read": Visitor.read_checkout,
    "buy": Visitor.buy,
}
_MIX = json.loads(os.environ["LOAD_MIX"])
Visitor.tasks = [_ACTIONS[name] for name, weight in _MIX.items() for _ in range(weight)]
