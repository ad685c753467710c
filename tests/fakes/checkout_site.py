"""A small checkout system over real HTTP, whose pods take turns; a test can break it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from itertools import count
from typing import TYPE_CHECKING, Any, Self

from tests.fakes.http_server import served
from tests.fakes.system import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from acceptance.system import System

BACKENDS = ("backend-a", "backend-b")
FRONTENDS = ("frontend-a", "frontend-b")


@dataclass
class CheckoutSite:
    """The checkouts, the pods that serve them, and what is broken."""

    checkouts: dict[str, dict[str, Any]] = field(default_factory=dict)
    backends: tuple[str, ...] = BACKENDS
    any_host: bool = False
    """Serve the page under every name."""
    failing: bool = False
    """Answer every request of the API with 500."""
    items_twice: bool = False
    """Add every item twice."""
    forgotten: str = ""
    """What a payment or an item is acknowledged for and not done: `payment` or `items`."""
    turns: Iterator[int] = field(default_factory=count)

    def __enter__(self) -> Self:
        """Serve on a free port."""
        self._serving = served(CheckoutHandler, self)
        self._port = self._serving.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop serving."""
        self._serving.__exit__(kind, error, trace)

    @property
    def system(self) -> System:
        """The facts of the system that is served here."""
        return replace(SYSTEM, address="127.0.0.1", http_port=self._port)


class CheckoutHandler(BaseHTTPRequestHandler):
    """Answers as the checkout system does."""

    state: CheckoutSite

    def do_GET(self) -> None:
        """Answer the page, the list, or one checkout."""
        path, _, query = self.path.partition("?")
        if path == "/":
            known = self.headers["Host"] == SYSTEM.host or self.state.any_host
            self._answer(200 if known else 404, "<p>", FRONTENDS, "text/html")
        elif path == "/api/checkouts":
            newest = list(reversed(self.state.checkouts.values()))
            found: dict[str, Any] = {"checkouts": newest}
            if "limit=1" in query and "after=" not in query:
                found["next"] = "cursor"
            self._json(200, found)
        else:
            one = self.state.checkouts.get(path.rpartition("/")[2])
            self._json(200 if one else 404, one or {})

    def do_POST(self) -> None:
        """Create a checkout, add an item, or pay."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        parts = self.path.split("/")[3:]
        if not parts:
            name = f"c{len(self.state.checkouts)}"
            self.state.checkouts[name] = {"id": name, "items": [], "status": "open", **body}
            self._json(201, self.state.checkouts[name])
            return
        one = self.state.checkouts[parts[0]]
        if parts[1] == self.state.forgotten:
            pass
        elif parts[1] == "items":
            one["items"] += [body] * (2 if self.state.items_twice else 1)
            one["total_cents"] = sum(each["unit_price_cents"] for each in one["items"])
        else:
            one["status"] = "paid"
        self._json(201, one)

    def _json(self, status: int, found: object) -> None:
        failing = self.state.failing
        text = json.dumps({"error": "broken"} if failing else found)
        self._answer(500 if failing else status, text, self.state.backends, "application/json")

    def _answer(self, status: int, text: str, pods: tuple[str, ...], kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("X-Served-By", pods[next(self.state.turns) % len(pods)])
        if "X-Request-Id" in self.headers:
            self.send_header("X-Request-Id", self.headers["X-Request-Id"])
        self.end_headers()
        self.wfile.write(text.encode())
