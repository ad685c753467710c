"""Opens the sockets on which raw bytes are sent, with and without TLS."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

Connect: TypeAlias = "Callable[[float], socket.socket]"
"""Opens a connection within so many seconds."""


def plainly(address: str, port: int) -> Connect:
    """Return how to connect to `address`:`port` without encryption."""
    return lambda timeout: socket.create_connection((address, port), timeout)


def encrypted(address: str, port: int, name: str, trust: ssl.SSLContext) -> Connect:
    """Return how to connect to `address`:`port` with TLS; its certificate has to be for `name`."""

    def connect(timeout: float) -> socket.socket:
        plain = socket.create_connection((address, port), timeout)
        try:
            return trust.wrap_socket(plain, server_hostname=name)
        except BaseException:
            plain.close()
            raise

    return connect
