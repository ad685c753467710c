"""Sends the HTTP requests whose responses show redirects and security headers."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.drivers.http import Http, Reply

_PAGE, _API = "/", "/api/checkouts"
_DETAIL = "/checkouts/1?a=b"
ADDRESSES = (_PAGE, _API, _DETAIL)
"""The page, the API, and an address with a query."""


@dataclass(frozen=True)
class CollectedResponse:
    """A request, and what came back."""

    method: str
    path: str
    reply: Reply


def request_addresses(client: Http) -> tuple[CollectedResponse, ...]:
    """Request the page, the API, and an address with a query."""
    return _send(client, [("GET", path) for path in ADDRESSES])


def request_every_kind(client: Http) -> tuple[CollectedResponse, ...]:
    """Request what exists, what does not, and what is not allowed, of the page and the API."""
    missing = uuid.uuid4().hex
    return _send(
        client,
        [
            ("GET", _PAGE),
            ("GET", _API),
            ("GET", f"/{missing}"),
            ("GET", f"{_API}/{missing}"),
            ("GET", f"/api/{missing}"),
            ("POST", _API),
            ("DELETE", _PAGE),
        ],
    )


def _send(client: Http, requests: Sequence[tuple[str, str]]) -> tuple[CollectedResponse, ...]:
    return tuple(
        CollectedResponse(method, path, client.send(method, path)) for method, path in requests
    )
