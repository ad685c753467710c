"""The program with which a probe connects to all of its targets at once and prints the results.

The Python of the pod's image (3.10 or later) runs it, and the suite itself does for the outside, so
it uses the standard library alone.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_REPEAT_SECONDS = 0.5
_EXCHANGE_SECONDS = 1.0
REACHED = "reached"


class ConnectionTarget(NamedTuple):
    """Where to connect, and what to send there."""

    protocol: str
    """tcp or udp."""
    host: str
    port: int
    payload: str
    """In hexadecimal."""


def tagged_payload(tag: str) -> str:
    """Return a payload by which the receiver recognises the attempt; web servers answer it too."""
    return f"GET /{tag} HTTP/1.0\r\n\r\n".encode("ascii").hex()


def dns_query(name: str) -> str:
    """Return a payload that asks a name server for an address (RFC 1035, section 4)."""
    labels = b"".join(bytes([len(part)]) + part.encode("ascii") for part in name.split("."))
    return (b"\x12\x34\x01\x00\x00\x01" + bytes(6) + labels + b"\x00\x00\x01\x00\x01").hex()


def connect(target: ConnectionTarget, timeout: float) -> str:
    """Return `REACHED` or the error; `timeout` is in seconds.

    A TCP target is reached when it is connected, whatever it answers; a UDP target when it answers.
    """
    payload = bytes.fromhex(target.payload)
    stream = target.protocol == "tcp"
    try:
        with socket.socket(
            socket.AF_INET, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM
        ) as line:
            line.settimeout(timeout)
            line.connect((target.host, target.port))
            if stream:
                _exchange(line, payload)
                return REACHED
            deadline = time.monotonic() + timeout
            while (left := deadline - time.monotonic()) > 0:
                line.settimeout(min(left, _REPEAT_SECONDS))
                line.send(payload)
                try:
                    line.recv(512)
                except TimeoutError:
                    continue
                return REACHED
            return "timeout"
    except OSError as error:
        return f"{type(error).__name__}: {error}"


def _exchange(line: socket.socket, payload: bytes) -> None:
    """Send, and let the other side close: its kernel then lists the connection for a while."""
    line.settimeout(_EXCHANGE_SECONDS)
    with suppress(OSError):  # it was connected, which is all that counts
        line.sendall(payload)
        while line.recv(512):
            pass


def connect_all(targets: Sequence[ConnectionTarget], timeout: float) -> list[str]:
    """Return the result for each target, all tried at the same time."""
    with ThreadPoolExecutor(max(1, len(targets))) as pool:
        return list(pool.map(lambda target: connect(target, timeout), targets))


if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    targets = [ConnectionTarget(*each) for each in wanted["targets"]]
    print(json.dumps(connect_all(targets, wanted["timeout"])))
