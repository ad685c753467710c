from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from acceptance.contract import Contract
from acceptance.domains.tls.clear_text import (
    HostCertificate,
    PublishedRouteInspector,
    certificate_fault,
    clear_text_fault,
)
from acceptance.domains.tls.drivers.clear_text import (
    ClearTextReply,
    request_in_clear_text,
    requests_for,
)
from acceptance.domains.tls.drivers.listeners import Listener
from acceptance.domains.tls.drivers.responses import addresses_of
from acceptance.domains.tls.drivers.routes import Route
from acceptance.drivers.http import Reply
from acceptance.drivers.tls import Handshake
from tests.domains.tls.test_certificates import CERTIFICATE, SEEN
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

LISTENER = Listener("127.0.0.1", 8081, "Service ingress/traefik")


def replied(status: int | None, **headers: str) -> ClearTextReply:
    """Return the reply to a request for the page."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return ClearTextReply(LISTENER, "checkout.local", "/", Reply(status, named, "", 0.1))


@pytest.mark.parametrize(
    "found",
    [
        replied(None),
        replied(308, location="https://checkout.local/"),
        replied(302, location="https://www.checkout.local/other"),
        replied(404),
        replied(400),
    ],
)
def test_a_redirect_to_https_and_a_refusal_serve_nothing(found: ClearTextReply) -> None:
    """Nor does a port that nobody is connected to."""
    assert clear_text_fault(found) is None


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (replied(200), r"at 127\.0\.0\.1:8081 \(Service ingress/traefik\) is served in clear"),
        (replied(404, x_served_by="backend-1"), "backend-1 answered http://checkout.local/"),
        (replied(302, location="/login"), "HTTP 302, redirected to /login"),
        (replied(301, location="http://checkout.local/"), "redirected to http://checkout.local/"),
        (replied(308, location="https:///"), "served in clear text: HTTP 308"),
        (replied(503), "served in clear text: HTTP 503"),
    ],
)
def test_anything_else_is_served_in_clear_text(found: ClearTextReply, said: str) -> None:
    """A page, a pod's own error, a redirect to no HTTPS, and a route that waits for its pods."""
    inspector = PublishedRouteInspector(context_of(SYSTEM))
    with pytest.raises(AssertionError, match=said):
        inspector.assert_redirected_or_refused((replied(404), found))
    with pytest.raises(AssertionError, match="Nothing was requested"):
        inspector.assert_redirected_or_refused(())


def test_each_listener_is_asked_for_each_host_and_path() -> None:
    """Those of the routes, the known addresses on each host, and its own address."""
    routes = [
        Route("Ingress a", "checkout.local", "/api"),
        Route("Ingress b", "*.local", "/"),
        Route("Ingress c", "", "/status"),
    ]
    found = requests_for(LISTENER, routes, Contract())
    hosts = {"checkout.local", "acceptance.local", "127.0.0.1"}
    assert {host for host, _ in found} == hosts
    assert {(host, path) for host in hosts for path in addresses_of(Contract())} <= set(found)
    assert {(host, "/status") for host in hosts} <= set(found)
    assert ("checkout.local", "/api") in found
    assert ("127.0.0.1", "/api") not in found
    assert ("[::1]", "/") in requests_for(replace(LISTENER, address="::1"), [], Contract())


def test_a_port_that_nobody_listens_on_serves_nothing() -> None:
    """The reply says that there was no connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        silent = replace(LISTENER, port=port)
        (first,) = request_in_clear_text([silent], [], Contract(), timeout=0.2)
        assert "ReadTimeout" in str(first.reply)
    (found,) = request_in_clear_text([silent], [], Contract(), timeout=0.2)
    assert "no connection" in str(found.reply)
    assert clear_text_fault(found) is None


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (replace(SEEN, problem="Hostname mismatch"), "is not trusted: Hostname mismatch"),
        (replace(SEEN, certificate=None), "No certificate is not for a.local"),
        (
            replace(SEEN, certificate=replace(CERTIFICATE, names=("*.checkout.local",))),
            r"the certificate for \*\.checkout\.local .* is not for a\.local \(Ingress a\)",
        ),
    ],
)
def test_each_host_has_a_certificate(seen: Handshake, said: str) -> None:
    """Trusted, and for its name."""
    inspector = PublishedRouteInspector(context_of(SYSTEM))
    sound = HostCertificate("checkout.local", "Ingress a", SEEN)
    inspector.assert_certified((sound,))
    assert certificate_fault(sound) is None
    with pytest.raises(AssertionError, match=said):
        inspector.assert_certified((sound, HostCertificate("a.local", "Ingress a", seen)))
    with pytest.raises(AssertionError, match="No host is published"):
        inspector.assert_certified(())
