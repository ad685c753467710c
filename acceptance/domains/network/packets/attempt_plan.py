"""Plans the attempts that prove the table of connections: every port, from every source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.network.drivers import api_servers, dns_query, name_server
from acceptance.domains.network.packets.connection_attempts import ConnectionAttempt
from acceptance.domains.network.packets.observed_matrix import is_planned
from acceptance.domains.network.packets.testbed import UNUSED_PORTS, second
from acceptance.domains.network.plan import probe_placement
from acceptance.domains.network.plan.matrix import NONE, UNJUDGED, named_ports
from acceptance.domains.network.plan.monitoring_placement import monitoring_places
from acceptance.domains.network.plan.probe_placement import API_SERVER, DNS, NODE, OUTSIDE
from acceptance.drivers.kubernetes.network_policies.port import Port
from acceptance.errors import BrokenInput
from acceptance.judgement import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from acceptance.domains.network.drivers import ProbePlacement
    from acceptance.domains.network.packets.testbed import NetworkTestbed
    from acceptance.domains.network.plan.matrix import ConnectionMatrix
    from acceptance.drivers.kubernetes.client import Kubernetes

KUBELET = Port("tcp", 10250)
API_SERVER_NAME = "kubernetes.default.svc.cluster.local"
"""Every name server of a cluster answers a query for it, if only that there is no such name."""

_NOT_PROBES = (NODE, API_SERVER, OUTSIDE)


def ports_to_try(
    matrix: ConnectionMatrix, placements: Mapping[str, ProbePlacement], *, own_only: bool
) -> dict[str, tuple[Port, ...]]:
    """Return the ports to try at each destination, the unused ones among them.

    They are all that any placement exposes or declares, and those that cells name; with `own_only`
    the destination's own, unless it has none: anything could listen there.
    """
    every = _ports_of(placements.values(), matrix.ports_to(*matrix.destinations))
    found = {}
    for name in matrix.destinations:
        own = _ports_of([placements[name]] if name in placements else [], matrix.ports_to(name))
        has_own = name in placements and {*own} != {*UNUSED_PORTS}
        found[name] = own if own_only and has_own else every
    return found


def _ports_of(placements: Iterable[ProbePlacement], more: Iterable[Port]) -> tuple[Port, ...]:
    own = {port for each in placements for port in (*each.exposed, *each.declared)}
    return tuple(sorted({*UNUSED_PORTS, *own, *more}))


def plan_attempts(
    testbed: NetworkTestbed,
    cluster: Kubernetes,
    matrix: ConnectionMatrix,
    ports: Mapping[str, Sequence[Port]],
) -> tuple[ConnectionAttempt, ...]:
    """Return the attempts for every cell that is judged and whose two ends exist.

    `ports` are those to try at each destination that has a probe.

    Raises `BrokenInput` if the table names something that is no known place, or plans what no
    attempt could show.
    """
    known = {*testbed.probes, *_NOT_PROBES, *probe_placement.all_places(), *monitoring_places()}
    for name in sorted(matrix.places - known):
        raise BrokenInput(f"The table of connections names {name}, which is no known place.")
    servers, dns = api_servers(cluster), name_server(cluster)
    found: list[ConnectionAttempt] = []
    for source, destination in matrix.cells:
        if not matrix.judges(source, destination):
            continue
        if source != OUTSIDE and source not in testbed.probes:
            continue
        cell: list[ConnectionAttempt] = []
        if destination == OUTSIDE:
            cell += _to_outside(testbed, source)
        elif destination == API_SERVER:
            cell += _to_api_server(source, servers)
        elif destination in testbed.probes:
            cell += _to_probe(testbed, source, destination, ports[destination])
        if destination == DNS and dns and source != OUTSIDE:
            # The name server itself, whose packets the probe beside it does not see.
            port, query = Port("udp", 53), dns_query(API_SERVER_NAME)
            cell.append(ConnectionAttempt(source, DNS, dns, port, exposed=True, payload=query))
        if cell:
            _require_provable(matrix, cell)
        found += cell
    return tuple(found)


def _require_provable(matrix: ConnectionMatrix, cell: Sequence[ConnectionAttempt]) -> None:
    """Every port that a cell plans is one that is tried, and a cell that plans any has one."""
    source, destination = cell[0].source, cell[0].destination
    word = matrix.cells[source, destination]
    said = f'The table of connections says "{word}" from {source} to {destination}'
    if missing := {*named_ports(word)} - {each.own_port for each in cell}:
        raise BrokenInput(f"{said}, where {listed(sorted(map(str, missing)))} is not tried.")
    if word != NONE and not any(is_planned(matrix, each) for each in cell):
        message = f'{said}, which has no such port. Try "{NONE}", or the numbers of its ports'
        raise BrokenInput(message)


def _to_probe(
    testbed: NetworkTestbed, source: str, destination: str, ports: Sequence[Port]
) -> Iterator[ConnectionAttempt]:
    name = second(destination) if source == destination else destination
    if name not in testbed.probes:
        message = f"The table of connections judges {source} to {source}, which has only one pod."
        raise BrokenInput(f'{message} Try: "{UNJUDGED}"')
    probe = testbed.probes[name]
    if destination == NODE:
        for port in UNUSED_PORTS:
            yield ConnectionAttempt(source, NODE, probe.address, port, exposed=False, watcher=name)
        watcher = name if source in testbed.probes else ""
        yield ConnectionAttempt(
            *(source, NODE, probe.address, KUBELET),
            exposed=False,
            watcher=watcher,
            socket_port=KUBELET.number,
        )
        return
    for port in ports:
        exposed = port in probe.placement.exposed
        if source == OUTSIDE:
            node_port = Port(port.protocol, testbed.node_ports[name][port])
            host = testbed.node_address()
            yield ConnectionAttempt(
                *(source, destination, host, node_port, exposed), watcher=name, leads_to=port
            )
        else:
            yield ConnectionAttempt(source, destination, probe.address, port, exposed, watcher=name)


def _to_api_server(source: str, servers: Sequence[tuple[str, Port]]) -> Iterator[ConnectionAttempt]:
    *direct, service = servers
    # The node has many connections to itself, and the outside's address may be another one there.
    watcher = NODE if source not in {NODE, OUTSIDE} else ""
    ends = [(host, port, port.number) for host, port in direct]
    if source != OUTSIDE:  # the Service's address exists only inside the cluster
        ends.append((*service, direct[0][1].number))
    for host, port, socket_port in ends:
        yield ConnectionAttempt(
            *(source, API_SERVER, host, port),
            exposed=True,
            watcher=watcher,
            socket_port=socket_port,
        )


def _to_outside(testbed: NetworkTestbed, source: str) -> Iterator[ConnectionAttempt]:
    for listener in (testbed.outside, testbed.public):
        if listener is not None:
            for port in listener.ports:
                yield ConnectionAttempt(source, OUTSIDE, listener.address, port, exposed=True)
