"""Listens outside the cluster: in this very process, at an address that pods can reach."""

from __future__ import annotations

import selectors
import socket
import threading
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from acceptance.drivers.kubernetes.network_policies.port import Port

if TYPE_CHECKING:
    from types import TracebackType

_POLL_SECONDS = 0.2
_READ_SECONDS = 0.5
_MAX_BYTES = 200


def address_towards(url: str) -> str:
    """Return the address of this machine from which it reaches `url`; nothing is sent.

    Raises `OSError` if there is no route.
    """
    parts = urlsplit(url)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect((parts.hostname or "", parts.port or 443))
        return str(line.getsockname()[0])


class OutsideListener:
    """Listens over TCP and UDP, on ports that the kernel chooses."""

    def __init__(self, address: str) -> None:
        """Listen at an address of this machine; raises `OSError` if it is none."""
        self.address = address
        self._received: list[str] = []
        self._closed = threading.Event()
        self._sockets = [
            (socket.socket(socket.AF_INET, kind), protocol)
            for kind, protocol in ((socket.SOCK_STREAM, "tcp"), (socket.SOCK_DGRAM, "udp"))
        ]
        try:
            for listening, protocol in self._sockets:
                listening.bind((address, 0))
                if protocol == "tcp":
                    listening.listen(128)
        except OSError:
            self._close_sockets()
            raise
        self.ports = tuple(
            Port(protocol, listening.getsockname()[1]) for listening, protocol in self._sockets
        )
        self._thread = threading.Thread(target=self._listen, name="outside", daemon=True)
        self._thread.start()

    def received(self) -> tuple[str, ...]:
        """Return what each client so far has sent; empty for one that sent nothing."""
        return tuple(self._received)

    def __enter__(self) -> Self:
        """Return the open listener."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening."""
        self._closed.set()
        self._thread.join()
        self._close_sockets()

    def _close_sockets(self) -> None:
        for listening, _ in self._sockets:
            listening.close()

    def _listen(self) -> None:
        with selectors.DefaultSelector() as selector:
            for listening, protocol in self._sockets:
                selector.register(listening, selectors.EVENT_READ, protocol)
            while not self._closed.is_set():
                for key, _ in selector.select(_POLL_SECONDS):
                    self._answer(key.fileobj, key.data)  # type: ignore[arg-type]

    def _answer(self, listening: socket.socket, protocol: str) -> None:
        if protocol == "udp":
            received, peer = listening.recvfrom(_MAX_BYTES)
            self._received.append(received.decode("ascii", "replace"))
            listening.sendto(received, peer)
            return
        connection, _ = listening.accept()
        with connection:
            connection.settimeout(_READ_SECONDS)
            try:
                received = connection.recv(_MAX_BYTES)
            except OSError:
                received = b""
            self._received.append(received.decode("ascii", "replace"))
            try:
                connection.sendall(received)
            except OSError:
                return  # the client went away
