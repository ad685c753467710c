"""Sends HTTP requests to a pod through a port that the API server forwards.

Unlike a request through the API server's proxy, such a request is the client's own to the end: its
TLS handshake is with the pod, and its Authorization header reaches the pod.
"""

from __future__ import annotations

import http.client
import json
import socket
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kubernetes import client
from kubernetes.stream import portforward

from acceptance.drivers.http import Reply

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

_DRAIN_SECONDS = 1.0
_CHUNK = 1 << 16


@dataclass(frozen=True)
class PodPort:
    """A port of a pod, and the name under which clients know it."""

    namespace: str
    pod: str
    port: int
    host: str


class ForwardedHttp:
    """Sends each request over a connection of its own: a pod that was replaced costs no request."""

    def __init__(self, connect: Callable[[], client.ApiClient], *, timeout: float) -> None:
        """Forward with clients of the API that `connect` makes; `timeout` is in seconds."""
        self._connect = connect
        self._timeout = timeout

    def send(
        self,
        to: PodPort,
        method: str,
        path: str,
        body: Mapping[str, Any] | str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> Reply:
        """Return the pod's answer; without `trust`, it is asked in clear text.

        The certificate has to be for the host of the port, by an authority that `trust` accepts.
        """
        started, request = time.monotonic(), f"{method} {path}"
        # Whoever closes at once is not waited for afterwards.
        sent = {"Connection": "close", **(headers or {})}
        try:
            with self.connected(to, trust) as connection:
                return answer_to(connection, method, path, body, headers=sent, started=started)
        except (OSError, http.client.HTTPException, client.ApiException) as error:
            return no_answer(to, error, request, started=started)

    @contextmanager
    def connected(
        self, to: PodPort, trust: ssl.SSLContext | None
    ) -> Iterator[http.client.HTTPConnection]:
        """Give a connection to the pod; raises `OSError` or `ApiException` if there is none."""
        with self._forwarded(to) as raw:
            own = trust.wrap_socket(raw, server_hostname=to.host) if trust else raw
            connection = http.client.HTTPConnection(to.host, to.port, timeout=self._timeout)
            connection.sock = own
            with closing(connection):
                yield connection

    @contextmanager
    def _forwarded(self, to: PodPort) -> Iterator[socket.socket]:
        with closing(self._connect()) as api:
            ask = client.CoreV1Api(api).connect_get_namespaced_pod_portforward
            forward = portforward(ask, to.pod, to.namespace, ports=str(to.port))
            raw = forward.socket(to.port)
            raw.settimeout(self._timeout)
            held = raw.dup()
            try:
                yield raw
            finally:
                _drain(held)
                forward.close()


def answer_to(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: Mapping[str, Any] | str | None,
    *,
    headers: Mapping[str, str] | None,
    started: float,
) -> Reply:
    """Return the answer to a request that `started`; raises `OSError` or `HTTPException`."""
    content = body if isinstance(body, str) or body is None else json.dumps(body)
    encoded = content.encode() if content is not None else None
    if connection.sock is None:  # the last answer was the last of its connection
        raise ConnectionResetError("the pod has closed the connection")
    connection.request(method, path, encoded, dict(headers or {}))
    answer = connection.getresponse()
    text = answer.read().decode("utf-8", "replace")
    fields = tuple((name.lower(), value) for name, value in answer.getheaders())
    seconds = time.monotonic() - started
    return Reply(answer.status, fields, text, seconds, request=f"{method} {path}")


def no_answer(to: PodPort, error: Exception, request: str, *, started: float) -> Reply:
    """Return that there is no answer, and why."""
    said = f"{type(error).__name__}: {error}"
    if isinstance(error, client.ApiException):
        said = f"The port of {to.pod} is not forwarded: {error.reason}"
    return Reply(None, (), "", time.monotonic() - started, error=said, request=request)


def _drain(held: socket.socket) -> None:
    """Read what nobody wants: the thread that forwards fails if it meets a closed socket."""
    with closing(held), suppress(OSError):
        held.settimeout(_DRAIN_SECONDS)
        held.shutdown(socket.SHUT_WR)
        while held.recv(_CHUNK):
            pass
