"""Sends the HTTP requests whose responses show redirects and security headers."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.contract import Contract
    from acceptance.drivers.http import Http, Reply

_DETAIL = "/checkouts/1?a=b"


@dataclass(frozen=True)
class CollectedResponse:
    """A request, and what came back."""

    method: str
    path: str
    reply: Reply


def addresses_of(contract: Contract) -> tuple[str, ...]:
    """Return the page, the API, and an address with a query."""
    return (contract.path("page"), contract.path("checkouts"), _DETAIL)


def request_addresses(client: Http, contract: Contract) -> tuple[CollectedResponse, ...]:
    """Request the page, the API, and an address with a query."""
    return _send(client, [("GET", path) for path in addresses_of(contract)])


def request_every_kind(client: Http, contract: Contract) -> tuple[CollectedResponse, ...]:
    """Request what exists, what does not, and what is not allowed, of the page and the API."""
    missing = uuid.uuid4().hex
    page, api = contract.path("page"), contract.path("checkouts")
    return _send(
        client,
        [
            ("GET", page),
            ("GET", api),
            ("GET", f"/{missing}"),
            ("GET", f"{api}/{missing}"),
            ("GET", f"{api.rpartition('/')[0]}/{missing}"),
            ("POST", api),
            ("DELETE", page),
        ],
    )


def _send(client: Http, requests: Sequence[tuple[str, str]]) -> tuple[CollectedResponse, ...]:
    return tuple(
        CollectedResponse(method, path, client.send(method, path)) for method, path in requests
    )
