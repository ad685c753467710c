"""Links the host and one node: reserves an unused subnet, and creates a pair of interfaces.

The kernel removes the pair when the node's network namespace ends. The rest of the host's network
does not change.
"""

from __future__ import annotations

import fcntl
import ipaddress
import json
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.build.cache import cache_root
from acceptance.errors import EnvironmentFailure
from acceptance.process import PROMPT_SECONDS, run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Addresses that no network uses (RFC 5737), one for each link. To a network policy it is one of the
# Internet's, and the host itself answers there: nothing leaves the machine.
_PUBLIC = ipaddress.IPv4Network("203.0.113.0/24")
# Outside of the default subnets of routers, container engines and clusters.
_CANDIDATES = ipaddress.IPv4Network("10.231.0.0/16")


@dataclass(frozen=True)
class Link:
    """The addresses of one node's link, and the name of the host's interface."""

    subnet: str
    host_address: str
    node_address: str
    interface: str
    public_address: str
    """An address of the host that is not private."""


def free_subnet(taken: Iterable[str]) -> ipaddress.IPv4Network:
    """Return the first candidate /24 that overlaps none of `taken` (CIDRs; `default` is ignored).

    Raises `EnvironmentFailure` when all are taken.
    """
    used = [ipaddress.ip_network(found, strict=False) for found in taken if found != "default"]
    blocking = [
        network
        for network in used
        if isinstance(network, ipaddress.IPv4Network) and network.prefixlen > 0
    ]
    for candidate in _CANDIDATES.subnets(new_prefix=24):
        if not any(candidate.overlaps(network) for network in blocking):
            return candidate
    raise EnvironmentFailure(
        f"Every subnet of {_CANDIDATES} is in use on this machine. Try: ip route, and end runs."
    )


@contextmanager
def reserved_link() -> Iterator[Link]:
    """Yield a free link; other runs cannot choose one until the end of the body, which makes it."""
    cache_root().mkdir(parents=True, exist_ok=True)
    with (cache_root() / ".network.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subnet = free_subnet(_taken())
        number = subnet.network_address.packed[2]
        yield Link(
            *(str(subnet), str(subnet[1]), str(subnet[2])),
            f"acceptance{number}",
            str(_PUBLIC[number]),
        )


def connect(link: Link, process: int) -> None:
    """Make the pair: one end here, the other as eth0 in the network namespace of `process`."""
    run(
        ["ip", "-batch", "-"],
        timeout=PROMPT_SECONDS,
        stdin=(
            f"link add {link.interface} type veth peer name eth0 netns {process}\n"
            f"address add {link.host_address}/24 dev {link.interface}\n"
            f"address add {link.public_address}/32 dev {link.interface}\n"
            f"link set {link.interface} up\n"
        ),
    )


def disconnect(link: Link) -> None:
    """Remove the pair, which would otherwise stay until all connections in it are closed."""
    with suppress(EnvironmentFailure):  # the kernel has already removed it
        run(["ip", "link", "delete", link.interface], timeout=PROMPT_SECONDS)


def _taken() -> list[str]:
    routes = json.loads(
        run(["ip", "-json", "route", "show", "table", "all"], timeout=PROMPT_SECONDS).stdout
    )
    return [route["dst"] for route in routes if ":" not in route["dst"]]
