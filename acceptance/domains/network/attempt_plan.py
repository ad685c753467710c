"""Plans the attempts that prove the table of connections: every port, from every source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.network import probe_placement
from acceptance.domains.network.connection_attempts import ConnectionAttempt
from acceptance.domains.network.drivers import Port, api_servers, dns_query, name_server
from acceptance.domains.network.matrix import UNJUDGED
from acceptance.domains.network.probe_placement import API_SERVER, DNS, NODE, OUTSIDE
from acceptance.domains.network.testbed import UNUSED_PORTS, second
from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from acceptance.domains.network.matrix import ConnectionMatrix
    from acceptance.domains.network.testbed import NetworkTestbed
    from acceptance.drivers.kubernetes.client import Kubernetes

KUBELET = Port("tcp", 10250)
API_SERVER_NAME = "kubernetes.default.svc.cluster.local"
"""Every name server of a cluster answers a query for it, if only that there is no such name."""

_NOT_PROBES = (NODE, API_SERVER, OUTSIDE)


def plan_attempts(
    testbed: NetworkTestbed,
    cluster: Kubernetes,
    matrix: ConnectionMatrix,
    ports: Sequence[Port],
) -> tuple[ConnectionAttempt, ...]:
    """Return the attempts for every cell that is judged and whose two ends exist.

    Raises `BrokenInput` if the table names something that is not in `all_places`.
    """
    known = {*testbed.probes, *_NOT_PROBES, *probe_placement.all_places()}
    for name in (*matrix.sources, *matrix.destinations):
        if name not in known:
            raise BrokenInput(f"The table of connections names {name}, which is no known place.")
    servers, dns = api_servers(cluster), name_server(cluster)
    found: list[ConnectionAttempt] = []
    for (source, destination), word in matrix.cells.items():
        if word == UNJUDGED or (source != OUTSIDE and source not in testbed.probes):
            continue
        if destination == OUTSIDE:
            found += _to_outside(testbed, source)
        elif destination == API_SERVER:
            found += _to_api_server(source, servers)
        elif destination in testbed.probes:
            found += _to_probe(testbed, source, destination, ports)
        if destination == DNS and dns and source != OUTSIDE:
            # The name server itself, whose packets the probe beside it does not see.
            port, query = Port("udp", 53), dns_query(API_SERVER_NAME)
            found.append(ConnectionAttempt(source, DNS, dns, port, exposed=True, payload=query))
    return tuple(found)


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
                *(source, destination, host, node_port, exposed), watcher=name, shown=str(port)
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
    if testbed.outside is not None:
        for port in testbed.outside.ports:
            yield ConnectionAttempt(source, OUTSIDE, testbed.outside.address, port, exposed=True)
