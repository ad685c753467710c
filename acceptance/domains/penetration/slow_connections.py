"""The penetration tester who is slow: many connections that are never finished."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.actor import Actor, ActorContext
from acceptance.domains.penetration.attacks import API
from acceptance.domains.penetration.drivers.raw_http import drip, request
from acceptance.domains.penetration.drivers.vulnerable_server import undefended
from acceptance.domains.traffic.ingress_client import ways_in
from acceptance.judgement import Unverifiable, require_each

if TYPE_CHECKING:
    from acceptance.domains.penetration.drivers.raw_http import Exchange
    from acceptance.drivers.sockets import Connect

_CONNECTIONS = 10
"""Of each kind, at each door, at the same time."""
_PAUSE = 1.0  # seconds between two drops, as slowloris does it


@dataclass(frozen=True)
class Siege:
    """What became of connections of one kind that were never finished."""

    kind: str
    held: tuple[Exchange, ...]


class SlowConnectionTester(Actor):
    """Somebody with much time."""

    def __init__(self, context: ActorContext) -> None:
        """Open no connection yet."""
        super().__init__(context)
        self._limit = self._timeouts.slow_request

    def besiege(self) -> tuple[Siege, ...]:
        """Hold many connections to the system open, and one of each kind to a naive server.

        Raises `Unverifiable` if even a server without any defence cuts one: it was not slow.
        """
        system = self.system
        doors, kinds = ways_in(system), _kinds(system.host)
        threads = len(kinds) * (len(doors) * _CONNECTIONS + 1)
        with undefended() as naive, ThreadPoolExecutor(threads) as pool:

            def hold(connect: Connect, kind: str) -> Exchange:
                first, drop = kinds[kind]
                return drip(connect, first, drop, seconds=self._limit, pause=_PAUSE)

            free = {kind: pool.submit(hold, naive, kind) for kind in kinds}
            held = {
                f"{kind}, {door}": [pool.submit(hold, connect, kind) for _ in range(_CONNECTIONS)]
                for kind in kinds
                for door, connect in doors.items()
            }
            cut = [kind for kind, each in free.items() if each.result().ended]
            sieges = tuple(
                Siege(kind, tuple(each.result() for each in of)) for kind, of in held.items()
            )
        lines = [
            f"{siege.kind}: {each} after {each.seconds:.1f} s, {each.sent} bytes sent"
            for siege in sieges
            for each in siege.held
        ]
        self._keep("Connections that were never finished", "\n".join(lines), "text")
        if cut:
            message = f"Even a server without any defence ended {', '.join(cut)}: nothing is known."
            raise Unverifiable(message)
        return sieges

    def judge_cut(self, sieges: tuple[Siege, ...]) -> None:
        """Every connection was made, and was ended by the server within the limit."""

        def fault(siege: Siege) -> str | None:
            failed = [each.error for each in siege.held if each.error]
            if failed:
                return f"{siege.kind}: no connection was to be had: {failed[0]}"
            left = sum(not each.ended for each in siege.held)
            if not left:
                return None
            total, limit = len(siege.held), self._limit
            return f"{siege.kind}: {left} of {total} connections are still held after {limit:g} s"

        require_each(sieges, fault, nothing="Nothing was held open.")


def _kinds(host: str) -> dict[str, tuple[bytes, bytes]]:
    """Return by kind what is sent first, and what is sent again and again."""
    head = request("GET", "/", host=host, close=False).removesuffix(b"\r\n")
    kind = "Content-Type: application/json"
    body = request("POST", API, kind, "Content-Length: 1000", host=host, close=False)
    return {
        "nothing at all": (b"", b""),
        "a head, line by line": (head, b"X-More: a\r\n"),
        "a body, byte by byte": (body, b" "),
    }
