"""Opens raw connections to each port of the system's ingress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.drivers.sockets import encrypted, plainly
from acceptance.drivers.tls import trusting

if TYPE_CHECKING:
    from acceptance.drivers.sockets import Connect
    from acceptance.system import System


def ingress_ports(system: System) -> dict[str, Connect]:
    """Return how to connect to each port of the ingress: with TLS, and without."""
    ports = {"in the clear": plainly(system.address, system.http_port)}
    if system.secure:
        trust = trusting(system.authority)
        ports["encrypted"] = encrypted(system.address, system.port, system.host, trust)
    return ports
