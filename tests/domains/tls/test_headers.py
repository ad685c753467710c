from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from acceptance.contract import Contract
from acceptance.domains.tls import HeaderInspector
from acceptance.domains.tls.drivers.responses import (
    CollectedResponse,
    request_addresses,
    request_every_kind,
)
from acceptance.drivers.http import Reply
from tests.fakes.system import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Callable

ACTOR: Any = SimpleNamespace(system=SYSTEM)
SECURE = {
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), geolocation=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def response(status: int | None, path: str = "/", **headers: str) -> CollectedResponse:
    """Return a response; underscores in the names of headers stand for hyphens."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    reply = Reply(status, named, "", 0.1, request=f"GET {path}")
    return CollectedResponse("GET", path, reply)


def secured(status: int, **changed: str) -> CollectedResponse:
    """Return a response with all security headers but for those that are changed."""
    headers = {name.replace("-", "_"): value for name, value in SECURE.items()} | changed
    return response(status, **headers)


def redirect(to: str, path: str = "/", **headers: str) -> CollectedResponse:
    """Return a permanent redirect."""
    return response(308, path, location=to, **headers)


@pytest.mark.parametrize(
    "found",
    [
        response(200),
        redirect("https://other.local/"),
        redirect("http://checkout.local/"),
        redirect("https://checkout.local/", "/checkouts/1?a=b"),
        replace(redirect("https://checkout.local/"), reply=response(302).reply),
    ],
)
def test_a_request_has_to_be_redirected_to_its_own_address(found: CollectedResponse) -> None:
    """Over HTTPS, on the same host, to the same path and query, for good."""
    judge = HeaderInspector.assert_redirected_to_https
    judge(ACTOR, (redirect("https://checkout.local/checkouts/1?a=b", "/checkouts/1?a=b"),))
    with pytest.raises(AssertionError, match="not redirected to HTTPS: GET /"):
        judge(ACTOR, (found,))


def test_a_pod_may_not_answer_unencrypted_requests() -> None:
    """Not even with a redirect: only the ingress may."""
    judge = HeaderInspector.assert_no_pod_answered
    judge(ACTOR, (redirect("https://checkout.local/"),))
    with pytest.raises(AssertionError, match="backend-1 answered an unencrypted request: GET /"):
        judge(ACTOR, (redirect("https://checkout.local/", x_served_by="backend-1"),))


@pytest.mark.parametrize(
    ("judge", "changed", "reason"),
    [
        (HeaderInspector.assert_hsts, {"strict_transport_security": ""}, "GET / has no HSTS"),
        (
            HeaderInspector.assert_hsts,
            {"strict_transport_security": "max-age=300"},
            "less than a year, max-age=300",
        ),
        (
            HeaderInspector.assert_security_headers,
            {"x_frame_options": "", "referrer_policy": "unsafe-url"},
            "response to GET / x-frame-options is missing; referrer-policy is unsafe-url",
        ),
    ],
)
def test_every_response_has_to_have_the_security_headers(
    judge: Callable[..., None], changed: dict[str, str], reason: str
) -> None:
    """Successes and failures alike, of which there has to be one each."""
    judge(ACTOR, (secured(200), secured(404)))
    with pytest.raises(AssertionError, match=reason):
        judge(ACTOR, (secured(200, **changed), secured(404)))
    with pytest.raises(AssertionError, match="all successes or all failures"):
        judge(ACTOR, (secured(200), secured(200)))
    with pytest.raises(AssertionError, match="Not answered: GET /"):
        judge(ACTOR, (secured(200), response(None)))


def test_requests_are_of_every_kind() -> None:
    """Page and API, what exists, what does not, and methods that are not allowed."""

    class Client:
        def send(self, method: str, path: str) -> Reply:
            return Reply(200, (), "", 0.1, request=f"{method} {path}")

    client: Any = Client()
    assert [each.path for each in request_addresses(client, Contract())] == [
        "/",
        "/api/checkouts",
        "/checkouts/1?a=b",
    ]
    kinds = request_every_kind(client, Contract())
    assert {each.method for each in kinds} == {"GET", "POST", "DELETE"}
    assert len({(each.method, each.path) for each in kinds}) == len(kinds) == 7
    assert kinds[0].reply.request == "GET /"
