from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from kubernetes import client

from acceptance.drivers.kubernetes import port_forward
from acceptance.drivers.kubernetes.port_forward import ForwardedHttp, PodPort
from acceptance.drivers.self_signed import self_signed
from acceptance.drivers.tls import trusting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "store.monitoring.svc"


class Echo(BaseHTTPRequestHandler):
    """Answers with the request's account and body."""

    def do_POST(self) -> None:
        """Answer."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        answer = f"{self.headers['Authorization']} {body}".encode()
        self.send_response(201)
        self.send_header("X-Kind", "echo")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Be silent."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[int, str]]:
    """The port of a server with TLS, and its certificate."""
    pair = self_signed(HOST)
    (tmp_path / "pair").write_text(pair)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "pair")
    with _serving(context) as port:
        yield port, pair[pair.index("-----BEGIN CERT") :]


@contextmanager
def _serving(context: ssl.SSLContext) -> Iterator[int]:
    served = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    served.daemon_threads = True
    served.socket = context.wrap_socket(served.socket, server_side=True)
    threading.Thread(target=served.serve_forever, args=(0.02,), daemon=True).start()
    yield served.server_port
    served.shutdown()
    served.server_close()


class Direct(ForwardedHttp):
    """Connects to a port of this machine."""

    def __init__(self, port: int) -> None:
        """Connect to `port`."""
        super().__init__(lambda: Any, timeout=5)
        self._port = port

    @contextmanager
    def _forwarded(self, to: PodPort) -> Iterator[socket.socket]:
        assert to.port
        with socket.create_connection(("127.0.0.1", self._port), timeout=5) as raw:
            yield raw


def test_a_request_reaches_the_pod_with_its_account(server: tuple[int, str]) -> None:
    """The certificate is verified for the name of the port, not for the way to it."""
    port, authority = server
    to, http = PodPort("monitoring", "store-0", 9200, HOST), Direct(port)
    account = {"Authorization": "Basic me"}
    reply = http.send(to, "POST", "/a", {"b": 1}, headers=account, trust=trusting(authority))
    assert (reply.status, reply.text) == (201, 'Basic me {"b": 1}')
    assert reply.header("x-kind") == "echo"
    assert reply.request == "POST /a"


def test_another_authority_or_name_ends_the_request(server: tuple[int, str]) -> None:
    """There is no status then, and the error says why."""
    port, authority = server
    other = self_signed(HOST)
    foreign = trusting(other[other.index("-----BEGIN CERT") :])
    for host, trust in ((HOST, foreign), ("other.svc", trusting(authority))):
        to = PodPort("monitoring", "store-0", 9200, host)
        reply = Direct(port).send(to, "POST", "/", "text", trust=trust)
        assert reply.status is None
        assert "certificate verify failed" in (reply.error or "")


def test_a_server_that_asks_for_a_certificate_gets_the_clients_own(tmp_path: Path) -> None:
    """Without one, or with another, the request has no status."""
    pair, known, unknown = self_signed(HOST), self_signed("reader"), self_signed("stranger")
    (tmp_path / "pair").write_text(pair)
    context = ssl.create_default_context(
        ssl.Purpose.CLIENT_AUTH, cadata=known[known.index("-----BEGIN CERT") :]
    )
    context.load_cert_chain(tmp_path / "pair")
    context.verify_mode = ssl.CERT_REQUIRED
    authority = pair[pair.index("-----BEGIN CERT") :]
    to = PodPort("monitoring", "store-0", 9200, HOST)
    with _serving(context) as port:
        for own, status in ((known, 201), (unknown, None), ("", None)):
            reply = Direct(port).send(to, "POST", "/", "text", trust=trusting(authority, own))
            assert reply.status == status


def test_clear_text_gets_no_answer_from_a_port_with_tls(server: tuple[int, str]) -> None:
    """What is no HTTP counts as no answer."""
    to = PodPort("monitoring", "store-0", 9200, HOST)
    assert Direct(server[0]).send(to, "POST", "/", "text").status is None


def test_a_port_that_is_not_forwarded_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod that has just gone is no exception."""

    def refuse(*_: object, **__: object) -> None:
        raise client.ApiException(status=0, reason="no such pod")

    monkeypatch.setattr(port_forward, "portforward", refuse)
    reply = ForwardedHttp(client.ApiClient, timeout=1).send(PodPort("a", "b", 1, "c"), "GET", "/")
    assert reply.status is None
    assert reply.error == "The port of b is not forwarded: no such pod"
