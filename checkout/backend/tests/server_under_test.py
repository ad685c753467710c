"""The real server with the real application, on a free port of this machine, in a thread."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from checkout_backend.app import build
from checkout_backend.lifecycle import Lifecycle
from checkout_backend.logs import JsonFormatter
from checkout_backend.metrics import Metrics
from checkout_backend.server import Server
from checkout_backend.store import Store
from checkout_backend.tracing import Tracing

SIGNING_KEY = "a key that only the tests sign with"
POD = "backend-test-1"


@dataclass(frozen=True)
class Service:
    """A service that runs, and a client that is connected to it."""

    client: httpx.Client
    lifecycle: Lifecycle
    port: int

    def create(self, customer: str = "Ada Lovelace") -> dict[str, Any]:
        """Create a checkout and return it."""
        reply = self.client.post("/api/checkouts", json={"customer": customer})
        assert reply.status_code == 201, reply.text
        return dict(reply.json())

    def add(self, checkout: dict[str, Any], **changes: object) -> httpx.Response:
        """Add an item: two teas for 350 cents each, with `changes`."""
        item = {"sku": "TEA-1", "name": "Green tea", "quantity": 2, "unit_price_cents": 350}
        return self.client.post(f"/api/checkouts/{checkout['id']}/items", json=item | changes)

    def pay(self, checkout: dict[str, Any], cents: int, key: str) -> httpx.Response:
        """Pay a checkout."""
        return self.client.post(
            f"/api/checkouts/{checkout['id']}/payment",
            json={"amount_cents": cents},
            headers={"Idempotency-Key": key},
        )

    def cancel(self, checkout: dict[str, Any]) -> httpx.Response:
        """Cancel a checkout."""
        return self.client.post(f"/api/checkouts/{checkout['id']}/cancellation")

    def read(self, checkout: dict[str, Any]) -> dict[str, Any]:
        """Read a checkout again."""
        return dict(self.client.get(f"/api/checkouts/{checkout['id']}").json())


@contextmanager
def serving(
    store: Store,
    *,
    signing_key: str = SIGNING_KEY,
    metrics: Metrics | None = None,
    tracing: Tracing | None = None,
) -> Iterator[Service]:
    """Serve `store` while the body runs."""
    lifecycle = Lifecycle()
    app = build(
        store,
        signing_keys=[signing_key],
        pod_name=POD,
        lifecycle=lifecycle,
        metrics=metrics or Metrics(),
        tracing=tracing,
    )
    server = Server(app, port=0, lifecycle=lifecycle, drain_seconds=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + 10
        while not server.started:
            assert thread.is_alive() and time.monotonic() < deadline, "the server did not start"
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            yield Service(client, lifecycle, port)
    finally:
        server.should_exit = True
        thread.join(15)
    assert not thread.is_alive()


def request_lines(caplog: pytest.LogCaptureFixture, *ids: str) -> list[dict[str, Any]]:
    """Return what was logged about requests, once the requests with these ids were.

    A line is written after its answer is sent, so a client may be earlier.
    """
    deadline = time.monotonic() + 5
    while True:
        records = [record for record in caplog.records if record.getMessage() == "request"]
        lines = [json.loads(JsonFormatter([]).format(record)) for record in records]
        if set(ids) <= {line["request_id"] for line in lines}:
            return lines
        assert time.monotonic() < deadline, f"not logged: {ids}"
        time.sleep(0.005)


def problem(reply: httpx.Response, status: int, kind: str | None = None) -> dict[str, Any]:
    """Return the problem that a reply is, after a look at what every problem has."""
    assert reply.status_code == status, reply.text
    assert reply.headers["Content-Type"] == "application/problem+json"
    found = dict(reply.json())
    assert found["status"] == status
    assert found["title"] and found["detail"]
    assert found["request_id"] == reply.headers["X-Request-Id"]
    assert found["type"].rpartition(":")[2] == (kind or "blank")
    return found
