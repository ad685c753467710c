"""Sets of IPv4 and IPv6 addresses, and how an operator reads them."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_network,
    summarize_address_range,
)
from typing import TYPE_CHECKING, TypeAlias

from acceptance.drivers.kubernetes.network_policies.number_ranges import common, merged, without

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acceptance.drivers.kubernetes.network_policies.number_ranges import Range, Ranges

_Network: TypeAlias = "IPv4Network | IPv6Network"

_IPV6 = 1 << 129
"""What is added to the number of an IPv6 address, so that it is no IPv4 address' number."""
_SHOWN = 6


@dataclass(frozen=True)
class AddressSet:
    """Any addresses of both families; use `addresses` to make one."""

    ranges: Ranges = ()

    def __bool__(self) -> bool:
        """Return whether there is any."""
        return bool(self.ranges)

    def __and__(self, other: AddressSet) -> AddressSet:
        """Return those that are in both."""
        return AddressSet(common(self.ranges, other.ranges))

    def __or__(self, other: AddressSet) -> AddressSet:
        """Return those that are in either."""
        return AddressSet(merged((*self.ranges, *other.ranges)))

    def __sub__(self, other: AddressSet) -> AddressSet:
        """Return those that are not in the other."""
        return AddressSet(without(self.ranges, other.ranges))

    def __str__(self) -> str:
        """Write them in CIDR notation, with exceptions where that is shorter."""
        if self == EVERY_ADDRESS:
            return "every address"
        families = (
            [each for each in self.ranges if (each[0] >= _IPV6) == is_six] for is_six in (0, 1)
        )
        return " and ".join(_family(tuple(each)) for each in families if each) or "no address"


def addresses(*texts: str) -> AddressSet:
    """Return all addresses of these networks and single addresses.

    Raises `ValueError` for a text that is neither.
    """
    return AddressSet(merged(_range_of(ip_network(each, strict=False)) for each in texts))


def _range_of(network: _Network) -> Range:
    shift = _IPV6 if network.version == 6 else 0  # noqa: PLR2004
    return int(network[0]) + shift, int(network[-1]) + shift


EVERY_ADDRESS = addresses("0.0.0.0/0", "::/0")
EVERY_IPV4_ADDRESS = addresses("0.0.0.0/0")


def _family(ranges: Ranges) -> str:
    """Write addresses of one family: a list, or the smallest network around them and its holes."""
    own = _networks(ranges)
    cover = own[0]
    while int(cover[-1]) < int(own[-1][-1]):
        cover = cover.supernet()
    holes = _networks(without((_range_of(cover),), ranges))
    if holes and len(holes) < len(own):
        return f"{cover} but {_listed(holes)}"
    return _listed(own)


def _networks(ranges: Ranges) -> list[_Network]:
    found: list[_Network] = []
    for first, last in ranges:
        if first >= _IPV6:
            ends = IPv6Address(first - _IPV6), IPv6Address(last - _IPV6)
            found += summarize_address_range(*ends)
        else:
            found += summarize_address_range(IPv4Address(first), IPv4Address(last))
    return found


def _listed(networks: Iterable[_Network]) -> str:
    # A single address is written as one, without the length of its prefix.
    texts = [
        str(each[0]) if each.prefixlen == each.max_prefixlen else str(each) for each in networks
    ]
    more = [f"{len(texts) - _SHOWN} more networks"] if len(texts) > _SHOWN else []
    *first, last = [*texts[:_SHOWN], *more]
    return f"{', '.join(first)} and {last}" if first else last
