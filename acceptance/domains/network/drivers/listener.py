"""The program of a probe pod: answers on ports, and logs a line of JSON for whatever arrives.

The Python of the pod's image (3.10 or later) runs it, so it uses the standard library alone. It
needs no privilege: the kernel's counters also show packets that no program received.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import sys
from contextlib import suppress
from pathlib import Path

_POLL_SECONDS = 0.05
_MAX_BYTES = 200
_SEGMENTS = {"Tcp": ("InSegs",), "Udp": ("InDatagrams", "NoPorts", "InErrors")}


def log(**fact: object) -> None:
    """Write one line to the pod's log."""
    print(json.dumps(fact), flush=True)


def packets() -> int:
    """Return how many TCP segments and UDP datagrams reached this network, answered or not.

    Source: Linux, Documentation/networking/snmp_counter.rst.
    """
    lines = [line.split() for line in Path("/proc/net/snmp").read_text("ascii").splitlines()]
    total = 0
    for names, values in zip(lines[::2], lines[1::2], strict=True):
        wanted = _SEGMENTS.get(names[0].rstrip(":"), ())
        total += sum(int(values[names.index(name)]) for name in wanted)
    return total


def sockets() -> set[tuple[str, int, int]]:
    """Return remote address, remote port and own port of every connection of this network.

    Half-open ones are among them: their first packet has arrived (Linux, proc_net_tcp.rst).
    """
    found = set()
    for name in ("tcp", "tcp6"):
        path = Path("/proc/net", name)
        for line in path.read_text("ascii").splitlines()[1:] if path.exists() else ():
            own, remote = line.split()[1:3]
            address, _, port = remote.partition(":")
            if int(port, 16):
                # The last four bytes are the IPv4 address, also where it is mapped into IPv6.
                number = bytes.fromhex(address[-8:])[::-1]
                mine = int(own.partition(":")[2], 16)
                found.add((socket.inet_ntoa(number), int(port, 16), mine))
    return found


def gateway() -> str:
    """Return the address of the default gateway; empty if there is none."""
    for line in Path("/proc/net/route").read_text("ascii").splitlines()[1:]:
        _, destination, address, *_ = line.split()
        if int(destination, 16) == 0:
            return socket.inet_ntoa(bytes.fromhex(address)[::-1])
    return ""


class PortListener:
    """Listens on ports, and on TCP connections whose clients have sent nothing yet."""

    def __init__(self, address: str, tcp: list[int], udp: list[int]) -> None:
        """Listen on all ports; raises `OSError` if one is taken."""
        self._selector = selectors.DefaultSelector()
        for kind, protocol, ports in (
            (socket.SOCK_STREAM, "tcp", tcp),
            (socket.SOCK_DGRAM, "udp", udp),
        ):
            for port in ports:
                listening = socket.socket(socket.AF_INET, kind)
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listening.bind((address, port))
                listening.settimeout(0)
                if kind == socket.SOCK_STREAM:
                    listening.listen(128)
                handle = self._accept if kind == socket.SOCK_STREAM else self._answer_datagram
                self._selector.register(listening, selectors.EVENT_READ, (handle, protocol, port))

    def serve(self) -> None:
        """Handle everything that arrived, or wait a moment for it.

        A slow probe that took one of each at a time would fall behind, and miss what it was sent.
        """
        for key, _ in self._selector.select(_POLL_SECONDS):
            handle, protocol, port = key.data
            with suppress(OSError):  # nothing more is there, or the client went away
                handle(key.fileobj, protocol, port)

    def _accept(self, listening: socket.socket, protocol: str, port: int) -> None:
        while True:
            connection, _ = listening.accept()
            connection.settimeout(0)  # it is only read when there is something to read
            data = (self._answer_connection, protocol, port)
            self._selector.register(connection, selectors.EVENT_READ, data)

    def _answer_connection(self, connection: socket.socket, protocol: str, port: int) -> None:
        """Log what was received before it is answered."""
        self._selector.unregister(connection)
        with connection:
            received = connection.recv(_MAX_BYTES)
            source = connection.getpeername()[0]
            log(arrived=protocol, port=port, source=source, text=_text(received))
            connection.sendall(received)

    def _answer_datagram(self, listening: socket.socket, protocol: str, port: int) -> None:
        while True:
            received, peer = listening.recvfrom(_MAX_BYTES)
            log(arrived=protocol, port=port, source=peer[0], text=_text(received))
            listening.sendto(received, peer)


def _text(received: bytes) -> str:
    return received.decode("ascii", "replace")


def main(wanted: dict[str, list[int]]) -> None:
    """Listen until the pod ends."""
    listener = PortListener(os.environ["ADDRESS"], wanted["tcp"], wanted["udp"])
    on_node = bool(wanted["sockets"])
    known = sockets() if on_node else set()
    counted = -1
    log(ready=True, gateway=gateway())
    while True:
        listener.serve()
        if on_node:
            now = sockets()
            for remote, _, port in sorted(now - known):
                log(arrived="socket", port=port, source=remote, text="")
            known = now
        elif (count := packets()) != counted:
            log(packets=count)
            counted = count


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
