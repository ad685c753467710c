"""What the tables of connections plan, as ports between pods and between pods and addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from acceptance.domains.network.plan.matrix import ALL, EXPOSED, NONE, UNJUDGED, named_ports
from acceptance.domains.network.plan.probe_placement import API_SERVER, ELSEWHERE, NODE, OUTSIDE
from acceptance.drivers.kubernetes.network_policies.address_set import (
    EVERY_ADDRESS,
    AddressSet,
    addresses,
)
from acceptance.drivers.kubernetes.network_policies.port_set import EVERY_PORT, PortSet, ports_of
from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.domains.network.drivers import ProbePlacement
    from acceptance.domains.network.plan.matrix import ConnectionMatrix
    from acceptance.drivers.kubernetes.network_policies.evaluation import Pod
    from acceptance.drivers.kubernetes.network_policies.port import Port

_NO_PODS = (NODE, API_SERVER, OUTSIDE)


PortsOfAnyAddress: TypeAlias = "Mapping[str, PortSet]"
"""The ports to which pods may connect at any address, by what the tables call the pods."""


def parse_any_address(rows: Sequence[Sequence[str]]) -> PortsOfAnyAddress:
    """Return the ports to which pods may connect at any address, from the rows of a table.

    Raises `BrokenInput` for anything but a head and rows of pods and ports.
    """
    if not rows or list(rows[0]) != ["pods", "ports"] or any(len(row) != 2 for row in rows):  # noqa: PLR2004
        raise BrokenInput('The table of ports at any address has to begin with "pods" and "ports".')
    return {name: ports_of(named_ports(word)) for name, word in rows[1:]}


@dataclass(frozen=True)
class ClusterAddresses:
    """The addresses of a cluster that are no pods'."""

    nodes: AddressSet
    api_servers: tuple[tuple[AddressSet, Port], ...]


@dataclass(frozen=True)
class ConnectionPlan:
    """The tables of all scenarios, and the ports that are planned at any address."""

    matrices: tuple[ConnectionMatrix, ...]
    judged: frozenset[str]
    """The places whose connections are judged; all others are only their peers."""
    any_address: PortsOfAnyAddress
    placements: Mapping[str, ProbePlacement]
    """The pods of each place that is deployed."""
    cluster: ClusterAddresses

    def judges(self, pod: Pod) -> bool:
        """Return whether the connections of a pod are judged."""
        return bool(pod.places) and pod.places[0] in self.judged

    def word(self, sources: Sequence[str], destinations: Sequence[str]) -> str:
        """Return what the tables say from the first source that they judge; `UNJUDGED` if none.

        Raises `BrokenInput` if two tables say something else.
        """
        for source in sources:
            for destination in destinations:
                words = {each.cells.get((source, destination), UNJUDGED) for each in self.matrices}
                words -= {UNJUDGED}
                if len(words) > 1:
                    said = " and ".join(f'"{word}"' for word in sorted(words))
                    message = (
                        f"The tables of connections say {said} from {source} to {destination}."
                    )
                    raise BrokenInput(message)
                if words:
                    return words.pop()
        return UNJUDGED

    def between(self, source: Pod, destination: Pod) -> PortSet | None:
        """Return the ports that are planned between pods; None if no table says anything.

        Also if nobody knows the ports that a place exposes which is not deployed.
        """
        word = self.word(source.places, destination.places)
        if word == UNJUDGED:
            return None
        if destination.invented and word not in {ALL, NONE} and ELSEWHERE not in destination.places:
            return None
        planned = self.planned_ports(word, destination.places[0])
        # A rule about any address means pods too; those of the plan have ports of their own.
        anywhere = ELSEWHERE in destination.places
        return planned | self.at_any_address(source) if anywhere else planned

    def at_any_address(self, source: Pod) -> PortSet:
        """Return the ports to which a pod may connect wherever they are."""
        return self.any_address.get(source.places[0], PortSet())

    def to_addresses(self, source: Pod) -> list[tuple[AddressSet, PortSet]]:
        """Return the addresses to which a pod may connect, and on which of their ports."""
        found = [(EVERY_ADDRESS, self.at_any_address(source))]
        found.append((EVERY_ADDRESS - self.cluster.nodes, self._towards(source, OUTSIDE)))
        found.append((self.cluster.nodes, self._towards(source, NODE)))
        if self.word(source.places, (API_SERVER,)) == EXPOSED:
            found += [(own, ports_of([port])) for own, port in self.cluster.api_servers]
        return found

    def from_addresses(self, destination: Pod) -> list[tuple[AddressSet, PortSet]]:
        """Return the addresses that may connect to a pod. A pod's node can always."""
        word = self.word((OUTSIDE,), destination.places)
        outside = EVERY_ADDRESS - self.cluster.nodes
        ports = EVERY_PORT if word == UNJUDGED else self.planned_ports(word, destination.places[0])
        return [(self.cluster.nodes, EVERY_PORT), (outside, ports)]

    def _towards(self, source: Pod, destination: str) -> PortSet:
        word = self.word(source.places, (destination,))
        return EVERY_PORT if word == UNJUDGED else self.planned_ports(word, destination)

    def planned_ports(self, word: str, destination: str) -> PortSet:
        """Return the ports of a place that a word of the tables plans."""
        if word == ALL:
            return EVERY_PORT
        if word in {NONE, UNJUDGED}:
            return PortSet()
        if word == EXPOSED:
            # No policy tells apart what a node or the outside exposes.
            if destination in _NO_PODS:
                return EVERY_PORT
            placement = self.placements.get(destination)
            return ports_of(placement.exposed) if placement else PortSet()
        return ports_of(named_ports(word))


def cluster_addresses(
    nodes: Sequence[str], api_servers: Sequence[tuple[str, Port]]
) -> ClusterAddresses:
    """Return the addresses of nodes, and the ends at which the API server listens."""
    return ClusterAddresses(
        addresses(*nodes), tuple((addresses(host), port) for host, port in api_servers)
    )
