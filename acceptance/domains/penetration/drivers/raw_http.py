"""Sends bytes that no HTTP library would send, and reads every response."""

from __future__ import annotations

import http.client
import io
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from acceptance.drivers.sockets import Connect

_CHUNK_BYTES = 65536
_MOST_BYTES = 4 * 1024 * 1024
"""More than any response to an attack has; an endless one must not fill the memory."""


@dataclass(frozen=True)
class RawResponse:
    """One HTTP response."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """With names in lower case."""
    body: bytes

    def header(self, name: str) -> str:
        """Return a header's value, empty if it was not sent."""
        return dict(self.headers).get(name, "")

    @property
    def succeeded(self) -> bool:
        """Whether its status is in the 200s."""
        return http.client.OK <= self.status < http.client.MULTIPLE_CHOICES


@dataclass(frozen=True)
class Exchange:
    """What was sent on one connection, and all that came back."""

    sent: int
    """Bytes that the connection took; it may end before all of them are sent."""
    responses: tuple[RawResponse, ...]
    ended: bool
    """Whether the server closed the connection, in whatever way, before the deadline."""
    seconds: float
    error: str = ""
    """Why there is nothing, if no connection was made."""

    def __str__(self) -> str:
        """Return one line with what came back."""
        if self.error:
            return self.error
        said = ", ".join(str(each.status) for each in self.responses) or "no response"
        return said + (", closed" if self.ended else ", left open")


def exchange(connect: Connect, data: bytes, *, timeout: float) -> Exchange:
    """Send `data` and read until the server closes; `timeout` is in seconds, for all of it.

    End `data` with a request that has `Connection: close`: only then a server that read all of it
    as requests closes at once.
    """
    started = time.monotonic()
    received = bytearray()
    sent, connected, ended = 0, False, False
    try:
        with connect(timeout) as connection:
            connected = True
            connection.settimeout(timeout)
            try:
                connection.sendall(data)
                sent = len(data)
            except OSError:
                ended = True  # cut in the middle, often with a response before it
            while not _over(started, timeout) and len(received) < _MOST_BYTES:
                connection.settimeout(max(0.05, started + timeout - time.monotonic()))
                chunk = connection.recv(_CHUNK_BYTES)
                if not chunk:
                    ended = True
                    break
                received += chunk
    except OSError as error:
        if not connected:
            return Exchange(0, (), ended=False, seconds=0.0, error=str(error))
        # Reset is as good as closed; what came before it counts.
        ended = not isinstance(error, TimeoutError)
    return Exchange(sent, read_responses(bytes(received)), ended, time.monotonic() - started)


def read_responses(received: bytes) -> tuple[RawResponse, ...]:
    """Return every response in the bytes of a connection, in order; a broken rest is ignored."""
    stream = _Stream(received)
    found: list[RawResponse] = []
    while stream.tell() < len(received):
        response = http.client.HTTPResponse(cast("socket.socket", stream))
        try:
            response.begin()
            try:
                body = response.read()
            except http.client.IncompleteRead as error:
                body = error.partial
        except (http.client.HTTPException, ValueError):
            break
        headers = tuple((name.lower(), value) for name, value in response.getheaders())
        found.append(RawResponse(response.status, headers, body))
    return tuple(found)


def drip(connect: Connect, first: bytes, drop: bytes, *, seconds: float, pause: float) -> Exchange:
    """Send `first`, then `drop` again and again every `pause` seconds, for `seconds` at most.

    It ends as soon as the server closes.
    """
    started = time.monotonic()
    received = bytearray()
    sent, connected, ended = 0, False, False
    try:
        with connect(seconds) as connection:
            connected = True
            connection.sendall(first)
            sent = len(first)
            connection.settimeout(pause)
            while not ended and not _over(started, seconds):
                try:
                    chunk = connection.recv(_CHUNK_BYTES)
                    received += chunk
                    ended = not chunk
                except TimeoutError:
                    connection.sendall(drop)
                    sent += len(drop)
    except OSError as error:
        if not connected:
            return Exchange(0, (), ended=False, seconds=0.0, error=str(error))
        ended = True
    return Exchange(sent, read_responses(bytes(received)), ended, time.monotonic() - started)


def request(
    method: str, target: str, *lines: str, host: str = "", body: bytes = b"", close: bool = True
) -> bytes:
    """Return a request as bytes, exactly as it is put together; without `host` no Host is sent."""
    head: Sequence[str] = (
        f"{method} {target} HTTP/1.1",
        *([f"Host: {host}"] if host else []),
        *lines,
        *(["Connection: close"] if close else []),
    )
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def _over(started: float, seconds: float) -> bool:
    return time.monotonic() - started >= seconds


class _Stream(io.BytesIO):
    """What `HTTPResponse` takes for a socket; it reads on where the response before ended."""

    def makefile(self, *_: object, **__: object) -> _Stream:
        return self

    def close(self) -> None:
        """Stay open: the next response is in the same bytes."""
