"""Connection attempts from probes, and what came of them at both ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.network.drivers import REACHED, ConnectionTarget, tagged_payload

if TYPE_CHECKING:
    from acceptance.drivers.kubernetes.network_policies.port import Port


@dataclass(frozen=True)
class ConnectionAttempt:
    """One connection that a probe is to try."""

    source: str
    destination: str
    host: str
    port: Port
    exposed: bool
    """Whether the destination is meant to be reached at this port."""
    watcher: str = ""
    """The probe that sees it arrive; empty if it is not a probe that does."""
    socket_port: int = 0
    """The port to look for among the connections of the watcher's network; 0 if the watcher
    accepts the connection itself."""
    leads_to: Port | None = None
    """The destination's own port, if `port` is another one that leads to it."""
    payload: str = ""
    """What to send, in hexadecimal; empty for the tag of the attempt."""

    @property
    def own_port(self) -> Port:
        """The destination's own port."""
        return self.leads_to or self.port

    def target(self, tag: str) -> ConnectionTarget:
        """Return where to connect and what to send."""
        payload = self.payload or tagged_payload(tag)
        return ConnectionTarget(self.port.protocol, self.host, self.port.number, payload)

    def __str__(self) -> str:
        """Name both ends and the port."""
        return f"{self.source} → {self.destination} ({self.own_port})"


@dataclass(frozen=True)
class AttemptResult:
    """What came of an attempt, at both ends."""

    attempt: ConnectionAttempt
    answer: str
    """`REACHED`, or the error at the source."""
    arrived: bool | None
    """Whether it was seen to arrive; None if nothing can observe that."""

    @property
    def reached(self) -> bool:
        """Whether the source got through."""
        return self.answer == REACHED

    @property
    def succeeded(self) -> bool:
        """Whether it got through and, where that can be observed, arrived."""
        return self.reached and self.arrived is not False

    @property
    def leaked(self) -> bool:
        """Whether anything of it got through: an answer, or only a packet that arrived."""
        return self.reached or bool(self.arrived)

    def __str__(self) -> str:
        """Tell what was observed at each end."""
        arrival = {True: "it arrived", False: "nothing arrived", None: "arrival not observable"}
        return f"{self.attempt}: {self.answer}, {arrival[self.arrived]}"
