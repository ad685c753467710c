"""Sends the same requests to several backends in turns; runs on the node, as a program of its own.

It reads a plan as JSON from standard input and writes what it measured there to standard output. In
each block every backend has its turn twice: in a random order, and then in the mirrored order (ABBA
for two). So whatever grows or shrinks steadily affects all of them alike. It needs nothing but the
standard library.
"""

from __future__ import annotations

import http.client
import json
import random
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any

_PATH = "/api/checkouts"
_SECONDS = 10.0
"""The timeout of one request."""
_WARM_UP = 5
"""Blocks that are sent first and not measured."""


class Backend:
    """One backend, over a connection that is kept."""

    def __init__(self, address: str, port: int) -> None:
        """Connect with the first request."""
        self._connection = http.client.HTTPConnection(address, port, timeout=_SECONDS)
        self.units = 0
        """How often the unit of a route was sent, those included that are not measured."""
        self.traced = False
        """Whether the last answer names its trace."""

    def send(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> Any:  # noqa: ANN401 (JSON)
        """Return the decoded answer; raises `RuntimeError` unless it is a 2xx."""
        sent = None if body is None else json.dumps(body)
        kind = {} if body is None else {"Content-Type": "application/json"}
        self._connection.request(method, path, sent, {**kind, **(headers or {})})
        answer = self._connection.getresponse()
        text = answer.read()
        self.traced = answer.getheader("Traceresponse") is not None
        if not 200 <= answer.status < 300:  # noqa: PLR2004
            raise RuntimeError(f"{method} {path}: HTTP {answer.status} {text[:200]!r}")
        return json.loads(text)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class Read:
    """Reads one checkout."""

    def __init__(self, backend: Backend) -> None:
        """Create the checkout that is read, with an item."""
        self._backend = backend
        self._path = f"{_PATH}/{_begin(backend)}"

    def __call__(self) -> None:
        """Send the request."""
        self._backend.send("GET", self._path)


class Page:
    """Reads the first page of the list."""

    def __init__(self, backend: Backend) -> None:
        """Ask `backend`."""
        self._backend = backend

    def __call__(self) -> None:
        """Send the request."""
        self._backend.send("GET", _PATH)


class Pay:
    """Begins a checkout, adds an item and pays it: three requests that write."""

    def __init__(self, backend: Backend) -> None:
        """Ask `backend`."""
        self._backend = backend

    def __call__(self) -> None:
        """Send the requests."""
        path = f"{_PATH}/{_begin(self._backend)}/payment"
        key = {"Idempotency-Key": uuid.uuid4().hex}
        self._backend.send("POST", path, {"amount_cents": 700}, key)


ROUTES: dict[str, Callable[[Backend], Callable[[], None]]] = {
    "read": Read,
    "page": Page,
    "pay": Pay,
}


def block(names: list[str], draw: random.Random) -> list[str]:
    """Return the order of one block: a random one, and its mirror image."""
    order = draw.sample(names, len(names))
    return [*order, *reversed(order)]


def alternate(plan: dict[str, Any]) -> dict[str, Any]:
    """Send until the plan's `blocks` or `seconds` are over; return what was seen, by name."""
    backends = {name: Backend(*place) for name, place in plan["backends"].items()}
    try:
        route = ROUTES[plan["route"]]
        units: dict[str, Callable[[], None]] = {
            name: route(backend) for name, backend in backends.items()
        }
        measured: dict[str, list[float]] = {name: [] for name in backends}
        draw = random.Random(plan["seed"])  # noqa: S311 (no secret is made of it)
        deadline = time.monotonic() + plan["seconds"]
        for number in range(plan["blocks"] + _WARM_UP):
            for name in block(list(backends), draw):
                began = time.perf_counter()
                units[name]()
                seconds = time.perf_counter() - began
                backends[name].units += 1
                if number >= _WARM_UP:
                    measured[name].append(seconds)
            if number >= _WARM_UP and time.monotonic() > deadline:
                break
        return {
            "seconds": measured,
            "units": {name: each.units for name, each in backends.items()},
            "traced": [name for name, each in backends.items() if each.traced],
        }
    finally:
        for backend in backends.values():
            backend.close()


def _begin(backend: Backend) -> str:
    checkout = backend.send("POST", _PATH, {"customer": "Benchmark"})["id"]
    item = {"sku": "TEA-1", "name": "Green tea", "quantity": 2, "unit_price_cents": 350}
    backend.send("POST", f"{_PATH}/{checkout}/items", item)
    return str(checkout)


if __name__ == "__main__":
    json.dump(alternate(json.load(sys.stdin)), sys.stdout)
