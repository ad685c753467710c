"""A small table of connections, and results of attempts, for the tests of this folder."""

from __future__ import annotations

from acceptance.domains.network import AttemptResult, parse_matrix
from acceptance.domains.network.packets.connection_attempts import ConnectionAttempt
from acceptance.drivers.kubernetes.network_policies.port import Port

PLAN = parse_matrix([["from", "shop", "node"], ["buyer", "yes", "no"], ["node", "all", "-"]])
WEB, UNUSED = Port("tcp", 8000), Port("udp", 17777)


def result(
    source: str,
    destination: str,
    port: Port = WEB,
    *,
    answer: str = "reached",
    arrived: bool | None = True,
) -> AttemptResult:
    """Return the result of one attempt; only the port `WEB` is exposed."""
    attempt = ConnectionAttempt(
        source, destination, "10.0.0.1", port, exposed=port == WEB, watcher="probe"
    )
    return AttemptResult(attempt, answer, arrived)
