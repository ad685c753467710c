"""Sets of ports of TCP, UDP and SCTP, and how an operator reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.drivers.kubernetes.network_policies.number_ranges import common, merged, without

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acceptance.drivers.kubernetes.network_policies.number_ranges import Ranges
    from acceptance.drivers.kubernetes.network_policies.port import Port

PROTOCOLS = ("TCP", "UDP", "SCTP")
"""The protocols that a NetworkPolicy may name."""
LAST_PORT = 65535
_STEP = 1 << 17
"""The distance between the numbers of two protocols' ports: ranges of them never touch."""


@dataclass(frozen=True)
class PortSet:
    """Any ports of the protocols; use `port_range`, `port_named` or `ports_of` to make one."""

    ranges: Ranges = ()
    names: frozenset[tuple[str, str]] = frozenset()
    """Protocols and names of ports whose numbers an unknown pod decides."""

    def __bool__(self) -> bool:
        """Return whether there is any."""
        return bool(self.ranges or self.names)

    def __and__(self, other: PortSet) -> PortSet:
        """Return those that are in both; a name may be any port of its protocol."""
        names = {
            name
            for one, two in ((self, other), (other, self))
            for name in one.names
            if name in two.names or two.has_any_of(name[0])
        }
        return PortSet(common(self.ranges, other.ranges), frozenset(names))

    def __or__(self, other: PortSet) -> PortSet:
        """Return those that are in either."""
        return PortSet(merged((*self.ranges, *other.ranges)), self.names | other.names)

    def __sub__(self, other: PortSet) -> PortSet:
        """Return those that are not in the other; a name is only in a set of every port."""
        names = frozenset() if other == EVERY_PORT else self.names - other.names
        return PortSet(without(self.ranges, other.ranges), names)

    def has_any_of(self, protocol: str) -> bool:
        """Return whether any number of a protocol is in it."""
        return bool(common(self.ranges, port_range(protocol).ranges))

    def __str__(self) -> str:
        """Write each protocol with its numbers and names."""
        if self.ranges == EVERY_PORT.ranges:
            return "every port"
        parts = [text for protocol in PROTOCOLS if (text := self._of(protocol))]
        return " and ".join(parts) or "no port"

    def _of(self, protocol: str) -> str:
        whole = port_range(protocol).ranges
        own = common(self.ranges, whole)
        if own == whole:
            return f"every port of {protocol}"
        shift = PROTOCOLS.index(protocol) * _STEP
        texts = [
            str(first - shift) if first == last else f"{first - shift}-{last - shift}"
            for first, last in own
        ]
        texts += [
            f'the port called "{name}"' for kind, name in sorted(self.names) if kind == protocol
        ]
        return f"{protocol} {', '.join(texts)}" if texts else ""


def port_range(protocol: str, first: int = 1, last: int = LAST_PORT) -> PortSet:
    """Return the ports of a protocol from `first` to `last`; all of them without numbers."""
    shift = PROTOCOLS.index(protocol) * _STEP
    return PortSet(((first + shift, last + shift),))


def port_named(protocol: str, name: str) -> PortSet:
    """Return the port of this name of a pod whose ports are unknown."""
    return PortSet(names=frozenset({(protocol, name)}))


def ports_of(ports: Iterable[Port]) -> PortSet:
    """Return a set of single ports."""
    return union(port_range(each.protocol.upper(), each.number, each.number) for each in ports)


def union(sets: Iterable[PortSet]) -> PortSet:
    """Return the ports that are in any of `sets`."""
    found = PortSet()
    for each in sets:
        found |= each
    return found


EVERY_PORT = union(port_range(protocol) for protocol in PROTOCOLS)
