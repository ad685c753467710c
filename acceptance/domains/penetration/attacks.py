"""Which kinds of attacks are tried, and how a response shows that one succeeded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.penetration.drivers.payloads import (
    CHECKOUTS,
    ECHO,
    FOREIGN_HOST,
    INJECTED_HEADER,
    LEAKS,
    forbidden_methods,
    forged_hosts,
    header_injections,
    oversized_requests,
    path_traversals,
    smuggled_requests,
)
from acceptance.judgement import Unverifiable

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.contract import Contract
    from acceptance.domains.penetration.drivers.payloads import HttpAttack
    from acceptance.domains.penetration.drivers.raw_http import RawResponse


def _accepted(response: RawResponse) -> str | None:
    if ECHO.encode() in response.body:
        return "the request was echoed"
    return f"HTTP {response.status}" if response.succeeded else None


def _leaked(response: RawResponse) -> str | None:
    found = next((each for each in LEAKS if each in response.body), None)
    return f"{found.decode()!r} was sent" if found else None


def _repeated_host(response: RawResponse) -> str | None:
    said = [name for name, value in response.headers if FOREIGN_HOST in value]
    if said:
        return f"{FOREIGN_HOST} is in {', '.join(said)}"
    return f"{FOREIGN_HOST} is in the page" if FOREIGN_HOST.encode() in response.body else None


def _injected(response: RawResponse) -> str | None:
    return (
        f"the response has the header {INJECTED_HEADER}"
        if response.header(INJECTED_HEADER)
        else None
    )


def _accepted_size(response: RawResponse) -> str | None:
    return f"HTTP {response.status}" if response.succeeded else None


@dataclass(frozen=True)
class AttackFamily:
    """Attacks of one kind: what is sent, and how a response shows that one succeeded."""

    attacks: Callable[[str], tuple[HttpAttack, ...]]
    """By the attacked host."""
    harm: Callable[[RawResponse], str | None]


def require_known_routes(contract: Contract) -> None:
    """Raise `Unverifiable` for a system with another list: nothing would be attacked."""
    route = contract.routes.checkouts
    if route != CHECKOUTS:
        message = f"The attacks are written for the route {CHECKOUTS}, and the system has"
        raise Unverifiable(f"{message} {route or 'none'}.")


FAMILIES = {
    "forbidden methods": AttackFamily(forbidden_methods, _accepted),
    "path traversal": AttackFamily(path_traversals, _leaked),
    "forged hosts": AttackFamily(forged_hosts, _repeated_host),
    "header injection": AttackFamily(header_injections, _injected),
    "request smuggling": AttackFamily(smuggled_requests, _leaked),
    "oversized requests": AttackFamily(oversized_requests, _accepted_size),
}
"""By the words of the feature."""
