"""Program of a probe: answers on ports, and writes a line of JSON for whatever arrives.

Its text is run by the Python of the image that the pod has (3.10 or later), so it uses the standard
library alone. It needs no privilege: what reached the pod's network at all, also what no program
was given, is in the kernel's own counters.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import sys
from contextlib import suppress
from pathlib import Path

_LOOK_SECONDS = 0.05
_LONGEST = 200
_SEGMENTS = {"Tcp": ("InSegs",), "Udp": ("InDatagrams", "NoPorts", "InErrors")}


def say(**fact: object) -> None:
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
    """Return the address that packets to the outside are sent to; empty if there is none."""
    for line in Path("/proc/net/route").read_text("ascii").splitlines()[1:]:
        _, destination, address, *_ = line.split()
        if int(destination, 16) == 0:
            return socket.inet_ntoa(bytes.fromhex(address)[::-1])
    return ""


class Doors:
    """Ports that are listened at, and those who came and have not said anything yet."""

    def __init__(self, address: str, tcp: list[int], udp: list[int]) -> None:
        """Listen on all ports; raises `OSError` if one cannot be had."""
        self._selector = selectors.DefaultSelector()
        for kind, name, ports in (
            (socket.SOCK_STREAM, "tcp", tcp),
            (socket.SOCK_DGRAM, "udp", udp),
        ):
            for port in ports:
                door = socket.socket(socket.AF_INET, kind)
                door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                door.bind((address, port))
                if kind == socket.SOCK_STREAM:
                    door.listen(128)
                take = self._welcome if kind == socket.SOCK_STREAM else self._answer
                self._selector.register(door, selectors.EVENT_READ, (take, name, port))

    def serve(self) -> None:
        """Take what came, or wait a moment for it."""
        for key, _ in self._selector.select(_LOOK_SECONDS):
            take, name, port = key.data
            with suppress(OSError):  # it came, and went
                take(key.fileobj, name, port)

    def _welcome(self, door: socket.socket, name: str, port: int) -> None:
        visit, _ = door.accept()
        visit.settimeout(0)  # asked only when there is something to read
        self._selector.register(visit, selectors.EVENT_READ, (self._listen_to, name, port))

    def _listen_to(self, visit: socket.socket, name: str, port: int) -> None:
        """Say what was said before it is answered."""
        self._selector.unregister(visit)
        with visit:
            said = visit.recv(_LONGEST)
            came = visit.getpeername()[0]
            say(seen=name, port=port, came=came, said=said.decode("ascii", "replace"))
            visit.sendall(said)

    def _answer(self, door: socket.socket, name: str, port: int) -> None:
        said, peer = door.recvfrom(_LONGEST)
        say(seen=name, port=port, came=peer[0], said=said.decode("ascii", "replace"))
        door.sendto(said, peer)


def main(wanted: dict[str, list[int]]) -> None:
    """Listen until the pod ends."""
    doors = Doors(os.environ["ADDRESS"], wanted["tcp"], wanted["udp"])
    of_the_node = bool(wanted["sockets"])
    known = sockets() if of_the_node else set()
    counted = -1
    say(ready=True, gateway=gateway())
    while True:
        doors.serve()
        if of_the_node:
            now = sockets()
            for remote, _, port in sorted(now - known):
                say(seen="socket", port=port, came=remote, said="")
            known = now
        elif (count := packets()) != counted:
            say(packets=count)
            counted = count


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
