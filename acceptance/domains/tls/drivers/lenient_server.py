"""Serves TLS with every old protocol and weak cipher, to prove that a client can offer them."""

from __future__ import annotations

import socket
import ssl
import tempfile
import threading
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from acceptance.drivers.self_signed import self_signed

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOPBACK = "127.0.0.1"
_CLIENT_SECONDS = 10.0  # for one client
_BACKLOG = 128  # clients that may wait: sslyze opens many connections at once


@contextmanager
def lenient_server() -> Iterator[int]:
    """Serve TLS on the loopback address, as leniently as OpenSSL can, and yield the port.

    It accepts TLS 1.0 to 1.3 with all suites, also those without encryption or a certificate. A
    client that connects here is able to offer what a strict server has to refuse.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # an old protocol is what is wanted
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    for key in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())):
        with tempfile.NamedTemporaryFile() as file:
            file.write(self_signed("lenient.invalid", key=key).encode())
            file.flush()
            context.load_cert_chain(file.name)
    listener = socket.create_server((LOOPBACK, 0), backlog=_BACKLOG)
    threading.Thread(target=_serve, args=(listener, context), daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # wakes the thread, which a close alone does not
        listener.close()


def _serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return  # the listener was closed
        client.settimeout(_CLIENT_SECONDS)
        threading.Thread(target=_handshake, args=(client, context), daemon=True).start()


def _handshake(client: socket.socket, context: ssl.SSLContext) -> None:
    with (
        client,
        suppress(OSError, ValueError),
        context.wrap_socket(client, server_side=True) as connection,
    ):
        connection.recv(1)
