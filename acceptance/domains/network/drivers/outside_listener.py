"""The outside, as pods see it: this very process, listening where the cluster can find it."""

from __future__ import annotations

import selectors
import socket
import threading
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from acceptance.domains.network.drivers.probe_pods import Door

if TYPE_CHECKING:
    from types import TracebackType

_LOOK_SECONDS = 0.2
_READ_SECONDS = 0.5


def address_towards(url: str) -> str:
    """Return the address of this machine from which `url` is reached; nothing is sent.

    Raises `OSError` if there is no way there.
    """
    parts = urlsplit(url)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect((parts.hostname or "", parts.port or 443))
        return str(line.getsockname()[0])


class Outside:
    """A listener over TCP and UDP, on ports that the kernel chooses."""

    def __init__(self, address: str) -> None:
        """Listen at an address of this machine; raises `OSError` if it is none."""
        self.address = address
        self._heard: list[str] = []
        self._closed = threading.Event()
        self._doors = [
            (socket.socket(socket.AF_INET, kind), name)
            for kind, name in ((socket.SOCK_STREAM, "tcp"), (socket.SOCK_DGRAM, "udp"))
        ]
        try:
            for door, name in self._doors:
                door.bind((address, 0))
                if name == "tcp":
                    door.listen(128)
        except OSError:
            self._shut()
            raise
        self.doors = tuple(Door(name, door.getsockname()[1]) for door, name in self._doors)
        self._thread = threading.Thread(target=self._listen, name="outside", daemon=True)
        self._thread.start()

    def heard(self) -> tuple[str, ...]:
        """Return what was said by those who came so far; empty for one who said nothing."""
        return tuple(self._heard)

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
        self._shut()

    def _shut(self) -> None:
        for door, _ in self._doors:
            door.close()

    def _listen(self) -> None:
        with selectors.DefaultSelector() as selector:
            for door, name in self._doors:
                selector.register(door, selectors.EVENT_READ, name)
            while not self._closed.is_set():
                for key, _ in selector.select(_LOOK_SECONDS):
                    self._receive(key.fileobj, key.data)  # type: ignore[arg-type]

    def _receive(self, door: socket.socket, name: str) -> None:
        if name == "udp":
            said, peer = door.recvfrom(200)
            self._heard.append(said.decode("ascii", "replace"))
            door.sendto(said, peer)
            return
        visit, _ = door.accept()
        with visit:
            visit.settimeout(_READ_SECONDS)
            try:
                said = visit.recv(200)
            except OSError:
                said = b""
            self._heard.append(said.decode("ascii", "replace"))
            try:
                visit.sendall(said)
            except OSError:
                return  # it came, and went
