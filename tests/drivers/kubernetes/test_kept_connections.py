from __future__ import annotations

import socket
import ssl
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from kubernetes import client

from acceptance.drivers.kubernetes import kept_connections
from acceptance.drivers.kubernetes.kept_connections import KeptHttp
from acceptance.drivers.kubernetes.port_forward import ForwardedHttp, PodPort
from acceptance.drivers.self_signed import self_signed
from acceptance.drivers.tls import trusting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HOST = "it.monitoring.svc"
TO = PodPort("monitoring", "it-1", 9090, HOST)


class Page(BaseHTTPRequestHandler):
    """Answers, and closes the connection after a path that says so."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        length = int(self.headers.get("Content-Length") or 0)
        answer = f"{self.path} {self.rfile.read(length).decode()}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        # It says nothing of it, as one that has waited too long.
        self.close_connection = self.path == "/last"

    def do_POST(self) -> None:
        """Answer."""
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Be silent."""


class Ways(ForwardedHttp):
    """Connects to a port of this machine, and counts how often."""

    def __init__(self, port: int) -> None:
        """Connect to `port`."""
        super().__init__(lambda: Any, timeout=5)
        self._port = port
        self.opened = 0

    @contextmanager
    def _forwarded(self, to: PodPort) -> Iterator[socket.socket]:
        assert to.port
        self.opened += 1
        with socket.create_connection(("127.0.0.1", self._port), timeout=5) as raw:
            yield raw


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[int, Callable[[], ssl.SSLContext]]]:
    """The port of a server with TLS, and who trusts it."""
    pair = self_signed(HOST)
    (tmp_path / "pair").write_text(pair)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "pair")
    served = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    served.daemon_threads = True
    served.socket = context.wrap_socket(served.socket, server_side=True)
    threading.Thread(target=served.serve_forever, args=(0.02,), daemon=True).start()
    authority = pair[pair.index("-----BEGIN CERT") :]
    yield served.server_port, lambda: trusting(authority)
    served.shutdown()
    served.server_close()


def test_one_connection_serves_many_requests(
    server: tuple[int, Callable[[], ssl.SSLContext]],
) -> None:
    """Also of several threads, which wait for each other."""
    port, trust = server
    ways = Ways(port)
    http = KeptHttp(ways)
    found: list[str] = []

    def ask(number: int) -> None:
        found.append(http.send(TO, "POST", "/a", {"n": number}, trust=trust).text)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(found) == [f'/a {{"n": {number}}}' for number in range(8)]
    assert ways.opened == 1
    http.close()
    assert http.send(TO, "GET", "/b", trust=trust).succeeded
    assert ways.opened == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_connection_that_the_pod_has_closed_is_opened_again(
    server: tuple[int, Callable[[], ssl.SSLContext]], method: str
) -> None:
    """A program that was started again does not know it."""
    port, trust = server
    ways = Ways(port)
    http = KeptHttp(ways)
    assert http.send(TO, "GET", "/last", trust=trust).succeeded
    time.sleep(0.1)
    assert http.send(TO, method, "/again", trust=trust).text == "/again "
    assert ways.opened == 2


def test_only_a_question_is_sent_twice(
    server: tuple[int, Callable[[], ssl.SSLContext]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what changes something, nobody knows whether it has arrived."""
    monkeypatch.setattr(kept_connections, "_is_over", lambda _: False)
    port, trust = server
    http = KeptHttp(Ways(port))
    for method, status in (("GET", 200), ("POST", None), ("POST", 200)):
        assert http.send(TO, "GET", "/last", trust=trust).succeeded
        if status == 200 and method == "POST":
            http.close()
        assert http.send(TO, method, "/once", trust=trust).status == status


def test_a_server_that_nobody_trusts_has_not_answered(
    server: tuple[int, Callable[[], ssl.SSLContext]],
) -> None:
    """It is asked anew the next time."""
    ways = Ways(server[0])
    http = KeptHttp(ways)
    for opened in (1, 2):
        reply = http.send(TO, "GET", "/", trust=ssl.create_default_context)
        assert "certificate" in str(reply.error).lower()
        assert ways.opened == opened


def test_a_port_that_is_not_forwarded_is_told() -> None:
    """The API server says why."""

    def refuse() -> client.ApiClient:
        raise client.ApiException(status=403, reason="Forbidden")

    reply = KeptHttp(ForwardedHttp(refuse, timeout=1)).send(TO, "GET", "/", trust=trusting_nobody)
    assert reply.error == "The port of it-1 is not forwarded: Forbidden"


def test_only_so_many_connections_stay_open(
    server: tuple[int, Callable[[], ssl.SSLContext]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest one goes."""
    monkeypatch.setattr(kept_connections, "_MOST", 2)
    port, trust = server
    ways = Ways(port)
    http = KeptHttp(ways)
    for pod in ("a", "b", "c", "c", "b", "a"):
        assert http.send(PodPort("x", pod, 1, HOST), "GET", "/", trust=trust).succeeded
    assert ways.opened == 4


def trusting_nobody() -> ssl.SSLContext:
    """A context that is not used."""
    return ssl.create_default_context()
