"""Program of a probe: tries to reach all of its targets at once, and says what became of each.

Its text is run by the Python of the image that the pod has (3.10 or later), and by the suite itself
for the outside, so it uses the standard library alone.
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

_AGAIN_SECONDS = 0.5
_TALK_SECONDS = 1.0
REACHED = "reached"


class Target(NamedTuple):
    """Where to, and what to say there."""

    protocol: str
    """tcp or udp."""
    host: str
    port: int
    payload: str
    """In hexadecimal."""


def greeting(token: str) -> str:
    """Return a payload by which the receiver knows who came; a web server answers to it too."""
    return f"GET /{token} HTTP/1.0\r\n\r\n".encode("ascii").hex()


def lookup(name: str) -> str:
    """Return a payload that asks a name server for an address (RFC 1035, section 4)."""
    labels = b"".join(bytes([len(part)]) + part.encode("ascii") for part in name.split("."))
    return (b"\x12\x34\x01\x00\x00\x01" + bytes(6) + labels + b"\x00\x00\x01\x00\x01").hex()


def reach(target: Target, timeout: float) -> str:
    """Return `REACHED` or the error; `timeout` is in seconds.

    Over TCP that is a connection, whatever is then said on it; over UDP it needs an answer.
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
                _talk(line, payload)
                return REACHED
            deadline = time.monotonic() + timeout
            while (left := deadline - time.monotonic()) > 0:
                line.settimeout(min(left, _AGAIN_SECONDS))
                line.send(payload)
                try:
                    line.recv(512)
                except TimeoutError:
                    continue
                return REACHED
            return "timeout"
    except OSError as error:
        return f"{type(error).__name__}: {error}"


def _talk(line: socket.socket, payload: bytes) -> None:
    """Greet, and let the other side hang up: it then remembers the connection for a while."""
    line.settimeout(_TALK_SECONDS)
    with suppress(OSError):  # the connection was there, which is what was asked
        line.sendall(payload)
        while line.recv(512):
            pass


def try_all(targets: Sequence[Target], timeout: float) -> list[str]:
    """Return what became of each target, all tried at the same time."""
    with ThreadPoolExecutor(max(1, len(targets))) as pool:
        return list(pool.map(lambda target: reach(target, timeout), targets))


if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    print(json.dumps(try_all([Target(*each) for each in wanted["targets"]], wanted["timeout"])))
