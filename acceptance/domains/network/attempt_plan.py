"""Every door that every source has to try: the requests behind the table of connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.network import probe_placement
from acceptance.domains.network.connections import Request
from acceptance.domains.network.drivers import Door, lookup
from acceptance.domains.network.matrix import UNJUDGED
from acceptance.domains.network.probe_placement import API_SERVER, DNS, NODE, OUTSIDE
from acceptance.domains.network.testbed import PLAIN, twin
from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from acceptance.domains.network.matrix import Matrix
    from acceptance.domains.network.testbed import Stage
    from acceptance.drivers.kubernetes.client import Kubernetes

KUBELET = Door("tcp", 10250)
NAME = "kubernetes.default.svc.cluster.local"
"""Any name server of a cluster has an answer to it, be it that there is no such name."""

_FIXED = (NODE, API_SERVER, OUTSIDE)


def requests_for(
    stage: Stage, cluster: Kubernetes, matrix: Matrix, doors: Sequence[Door]
) -> tuple[Request, ...]:
    """Return the requests of every cell that is judged and whose ends are there.

    Raises `BrokenInput` where the table names what nobody knows.
    """
    known = {*stage.probes, *_FIXED, *probe_placement.everywhere()}
    for name in (*matrix.sources, *matrix.destinations):
        if name not in known:
            raise BrokenInput(f"The table of connections names {name}, which is no place.")
    servers, names = probe_placement.api_servers(cluster), probe_placement.name_server(cluster)
    found: list[Request] = []
    for (source, destination), word in matrix.cells.items():
        if word == UNJUDGED or (source != OUTSIDE and source not in stage.probes):
            continue
        if destination == OUTSIDE:
            found += _to_outside(stage, source)
        elif destination == API_SERVER:
            found += _to_api_server(source, servers)
        elif destination in stage.probes:
            found += _to_probe(stage, source, destination, doors)
        if destination == DNS and names and source != OUTSIDE:
            # The name server itself, where the probe beside it sees nothing.
            door, asked = Door("udp", 53), lookup(NAME)
            found.append(Request(source, DNS, names, door, own=True, payload=asked))
    return tuple(found)


def _to_probe(
    stage: Stage, source: str, destination: str, doors: Sequence[Door]
) -> Iterator[Request]:
    name = twin(destination) if source == destination else destination
    if name not in stage.probes:
        message = f"The table of connections judges {source} to {source}, of which there is one."
        raise BrokenInput(f'{message} Try: "{UNJUDGED}"')
    probe = stage.probes[name]
    if destination == NODE:
        for door in PLAIN:
            yield Request(source, NODE, probe.address, door, own=False, watcher=name)
        watcher = name if source in stage.probes else ""
        yield Request(
            *(source, NODE, probe.address, KUBELET),
            own=False,
            watcher=watcher,
            socket_port=KUBELET.port,
        )
        return
    for door in doors:
        own = door in probe.post.own
        if source == OUTSIDE:
            way = Door(door.protocol, stage.node_ports[name][door])
            host = stage.node_address()
            yield Request(source, destination, host, way, own, watcher=name, shown=str(door))
        else:
            yield Request(source, destination, probe.address, door, own, watcher=name)


def _to_api_server(source: str, servers: Sequence[tuple[str, Door]]) -> Iterator[Request]:
    *direct, service = servers
    # A node's own connections to itself are many, and the outside's address may be another there.
    watched = NODE if source not in {NODE, OUTSIDE} else ""
    for host, door in direct:
        port = door.port
        yield Request(source, API_SERVER, host, door, own=True, watcher=watched, socket_port=port)
    if source != OUTSIDE:  # the Service's address is one of the cluster's inside
        host, door = service
        port = direct[0][1].port
        yield Request(source, API_SERVER, host, door, own=True, watcher=watched, socket_port=port)


def _to_outside(stage: Stage, source: str) -> Iterator[Request]:
    if stage.outside is not None:
        for door in stage.outside.doors:
            yield Request(source, OUTSIDE, stage.outside.address, door, own=True)
