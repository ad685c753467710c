"""Opens connections to a system by its name, with TLS where its Ingress declares it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.drivers.http import Http
from acceptance.drivers.tls import trusting

if TYPE_CHECKING:
    from acceptance.system import System


def reach(system: System, *, timeout: float) -> Http:
    """Return an HTTP client for the system, to be closed; `timeout` is for a request, in seconds.

    With TLS, the certificate has to be for the system's name and by its authority, or nothing is
    sent.
    """
    trust = trusting(system.authority) if system.secure else None
    where = (system.address, system.port, system.host)
    named_by = system.contract.headers.served_by
    return Http(*where, timeout=timeout, trust=trust, named_by=named_by)


def reach_plain(system: System, *, timeout: float) -> Http:
    """Return a client that sends without TLS, to be closed; `timeout` as for `reach`."""
    where = (system.address, system.http_port, system.host)
    return Http(*where, timeout=timeout, named_by=system.contract.headers.served_by)
