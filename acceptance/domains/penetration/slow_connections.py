"""Opens many slow connections that it never finishes, as slowloris does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.actor import Actor, ActorContext
from acceptance.domains.penetration.attacks import require_known_routes
from acceptance.domains.penetration.drivers.payloads import slow_requests
from acceptance.domains.penetration.drivers.raw_http import drip
from acceptance.domains.penetration.drivers.vulnerable_server import vulnerable_server
from acceptance.domains.penetration.ingress_ports import ingress_ports
from acceptance.judgement import Unverifiable, require_each

if TYPE_CHECKING:
    from acceptance.domains.penetration.drivers.raw_http import Exchange
    from acceptance.drivers.sockets import Connect

_CONNECTIONS = 10
"""Of each kind, to each port, at the same time."""
_PAUSE = 1.0  # seconds between two pieces


@dataclass(frozen=True)
class SlowConnections:
    """What became of connections of one kind that were never finished."""

    kind: str
    held: tuple[Exchange, ...]


class SlowConnectionTester(Actor):
    """Holds connections open, and sends a little at a time."""

    def __init__(self, context: ActorContext) -> None:
        """Open no connection yet."""
        super().__init__(context)
        self._limit = self._timeouts.slow_request

    def hold_connections(self) -> tuple[SlowConnections, ...]:
        """Hold many connections to the system open, and one of each kind to a vulnerable server.

        Raises `Unverifiable` if even a vulnerable server closes one: it was not slow.
        """
        system = self.system
        require_known_routes(system.contract)
        ports, kinds = ingress_ports(system), slow_requests(system.host)
        threads = len(kinds) * (len(ports) * _CONNECTIONS + 1)
        with vulnerable_server() as vulnerable, ThreadPoolExecutor(threads) as pool:

            def hold(connect: Connect, kind: str) -> Exchange:
                first, drop = kinds[kind]
                return drip(connect, first, drop, seconds=self._limit, pause=_PAUSE)

            free = {kind: pool.submit(hold, vulnerable, kind) for kind in kinds}
            held = {
                f"{kind}, {port}": [pool.submit(hold, connect, kind) for _ in range(_CONNECTIONS)]
                for kind in kinds
                for port, connect in ports.items()
            }
            cut = [kind for kind, each in free.items() if each.result().ended]
            groups = tuple(
                SlowConnections(kind, tuple(each.result() for each in of))
                for kind, of in held.items()
            )
        lines = [
            f"{group.kind}: {each} after {each.seconds:.1f} s, {each.sent} bytes sent"
            for group in groups
            for each in group.held
        ]
        self._keep("Connections that were never finished", "\n".join(lines), "text")
        if cut:
            message = f"Even a vulnerable server closed {', '.join(cut)}: nothing is known."
            raise Unverifiable(message)
        return groups

    def assert_all_closed(self, groups: tuple[SlowConnections, ...]) -> None:
        """The server accepted every connection, and closed it within the limit."""

        def fault(group: SlowConnections) -> str | None:
            failed = [each.error for each in group.held if each.error]
            if failed:
                return f"{group.kind}: no connection could be made: {failed[0]}"
            left = sum(not each.ended for each in group.held)
            if not left:
                return None
            total, limit = len(group.held), self._limit
            return f"{group.kind}: {left} of {total} connections are still open after {limit:g} s"

        require_each(groups, fault, nothing="No connection was held open.")
