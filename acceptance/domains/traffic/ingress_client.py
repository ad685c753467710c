"""How actors reach a system: by its name, encrypted where its Ingress declares that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.drivers.http import Http
from acceptance.drivers.sockets import encrypted, plainly
from acceptance.drivers.tls import trusting

if TYPE_CHECKING:
    from acceptance.drivers.sockets import Connect
    from acceptance.system import System


def reach(system: System, *, timeout: float) -> Http:
    """Return what sends a visitor's requests, each of `timeout` seconds at most; to be closed.

    Where visitors come encrypted, the system's certificate has to be for its name and by its
    authority, or nothing is sent.
    """
    trust = trusting(system.authority) if system.secure else None
    return Http(system.address, system.port, system.host, timeout=timeout, trust=trust)


def reach_plain(system: System, *, timeout: float) -> Http:
    """Return what sends requests without encryption, as one who types http://; to be closed."""
    return Http(system.address, system.http_port, system.host, timeout=timeout)


def ways_in(system: System) -> dict[str, Connect]:
    """Return how bytes are sent to a system, by what each door is called: all that there are."""
    doors = {"in the clear": plainly(system.address, system.http_port)}
    if system.secure:
        trust = trusting(system.authority)
        doors["encrypted"] = encrypted(system.address, system.port, system.host, trust)
    return doors
