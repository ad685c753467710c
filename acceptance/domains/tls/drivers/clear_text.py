"""Sends requests without TLS to every listener, for each host and path."""

from __future__ import annotations

import socket
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.tls.drivers.responses import addresses_of
from acceptance.drivers.http import Http, Reply
from acceptance.process import workers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.contract import Contract
    from acceptance.domains.tls.drivers.listeners import Listener
    from acceptance.domains.tls.drivers.routes import Route

_AT_A_TIME = 8


@dataclass(frozen=True)
class ClearTextReply:
    """What a listener answered to a request without TLS."""

    listener: Listener
    host: str
    path: str
    reply: Reply

    def __str__(self) -> str:
        """Name the request and where it was sent."""
        return f"http://{self.host}{self.path} at {self.listener}"


def request_in_clear_text(
    listeners: Sequence[Listener], routes: Sequence[Route], contract: Contract, *, timeout: float
) -> tuple[ClearTextReply, ...]:
    """Ask each listener for each host and path; `timeout` is for a request, in seconds.

    Each host is asked for the known addresses too, and so is the listener by its own address. A
    listener without a connection is asked nothing: it has one reply, which says so.
    """
    with workers(_AT_A_TIME) as pool:
        found = pool.map(lambda each: _ask(each, routes, contract, timeout), listeners)
        return tuple(reply for replies in found for reply in replies)


def requests_for(
    listener: Listener, routes: Sequence[Route], contract: Contract
) -> tuple[tuple[str, str], ...]:
    """Return the hosts and paths to ask a listener for."""
    literal = f"[{listener.address}]" if ":" in listener.address else listener.address
    hosts = dict.fromkeys((*(route.asked_host or literal for route in routes), literal))
    wanted = [(route.asked_host or host, route.path) for route in routes for host in hosts]
    wanted += [(host, path) for host in hosts for path in addresses_of(contract)]
    return tuple(dict.fromkeys(wanted))


def _ask(
    listener: Listener, routes: Sequence[Route], contract: Contract, timeout: float
) -> list[ClearTextReply]:
    wanted = requests_for(listener, routes, contract)
    try:
        socket.create_connection((listener.address, listener.port), timeout).close()
    except OSError as error:
        reply = Reply(None, (), "", 0.0, error=f"no connection: {error}")
        return [ClearTextReply(listener, *wanted[0], reply)]
    found: list[ClearTextReply] = []
    where, named_by = (listener.address, listener.port), contract.headers.served_by
    with closing(Http(*where, wanted[0][0], timeout=timeout, named_by=named_by)) as client:
        for host, path in wanted:
            reply = client.send("GET", path, host=host)
            found.append(ClearTextReply(listener, host, path, reply))
            if "Timeout" in (reply.error or ""):
                break  # it takes connections, and speaks no HTTP
    return found
