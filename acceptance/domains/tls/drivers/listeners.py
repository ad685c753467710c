"""Finds the ports at which the ingress, and the system itself, are open to the outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object
    from acceptance.system import System

_USUAL = {80, 443}
"""A pod that has one of these ports of its node is an ingress too."""


@dataclass(frozen=True)
class Listener:
    """An address and a port at which visitors may connect."""

    address: str
    port: int
    name: str
    """Who opens it: "Service ingress/traefik, port web"."""

    def __str__(self) -> str:
        """Name it."""
        return f"{self.address}:{self.port} ({self.name})"


def open_listeners(
    cluster: Kubernetes, system: System, published: Collection[str]
) -> tuple[Listener, ...]:
    """Return all listeners of the ingress at the addresses `published`, and of the system.

    Raises `Inaccessible` where the objects of all namespaces may not be listed.
    """
    found = listeners_of(
        cluster.items(api_path("services")),
        cluster.items(api_path("pods")),
        cluster.items(api_path("nodes")),
        namespace=system.namespace,
        addresses={system.address, system.published, *published},
    )
    known = (
        Listener(system.address, system.http_port, "visitors, HTTP"),
        Listener(system.address, system.https_port, "visitors, HTTPS"),
    )
    return tuple({(each.address, each.port): each for each in (*found, *known)}.values())


def listeners_of(
    services: Sequence[Object],
    pods: Sequence[Object],
    nodes: Sequence[Object],
    *,
    namespace: str,
    addresses: AbstractSet[str],
) -> Iterator[Listener]:
    """Yield what Services and pods open to the outside.

    Those of the `namespace`, and those of every ingress: its pods are behind a Service with one of
    the `addresses`, or have port 80 or 443 of a node with one.
    """
    at = [each for each in services if addresses & {address for address, _ in _balanced(each)}]
    behind = [each for each in pods if any(_selects(service, each) for service in at)]
    behind += [
        each for each in pods if any(p in _USUAL and a in addresses for a, p in _hosted(each))
    ]
    hosts = [
        each["address"]
        for node in nodes
        for each in (node.get("status") or {}).get("addresses") or ()
        if each["type"] in {"InternalIP", "ExternalIP"}
    ]
    for service in services:
        metadata = service["metadata"]
        opens = service in at or any(_selects(service, each) for each in behind)
        if opens or metadata["namespace"] == namespace:
            name = f"Service {metadata['namespace']}/{metadata['name']}"
            for address, port in (*_balanced(service), *_on_nodes(service, hosts)):
                yield Listener(address, port, name)
    for pod in pods:
        metadata = pod["metadata"]
        if metadata["namespace"] == namespace or pod in behind:
            for address, port in _hosted(pod):
                yield Listener(address, port, f"Pod {metadata['namespace']}/{metadata['name']}")


def _selects(service: Object, pod: Object) -> bool:
    selector = service["spec"].get("selector") or {}
    labels = pod["metadata"].get("labels") or {}
    same = service["metadata"]["namespace"] == pod["metadata"]["namespace"]
    return same and bool(selector) and selector.items() <= labels.items()


def _ports(service: Object) -> list[Object]:
    ports = service["spec"].get("ports") or ()
    return [each for each in ports if each.get("protocol", "TCP") == "TCP"]


def _balanced(service: Object) -> Iterator[tuple[str, int]]:
    """Yield address and port of a load balancer, and of addresses that lead to the cluster."""
    status = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    own = [each.get("ip") or each.get("hostname", "") for each in status]
    for address in (*own, *(service["spec"].get("externalIPs") or ())):
        yield from ((address, int(port["port"])) for port in _ports(service))


def _on_nodes(service: Object, hosts: Sequence[str]) -> Iterator[tuple[str, int]]:
    for port in _ports(service):
        if number := port.get("nodePort"):
            yield from ((host, int(number)) for host in hosts)


def _hosted(pod: Object) -> Iterator[tuple[str, int]]:
    """Yield the ports of its node that a pod has."""
    node = (pod.get("status") or {}).get("hostIP", "")
    for container in pod["spec"].get("containers") or ():
        for port in container.get("ports") or ():
            if port.get("hostPort") and port.get("protocol", "TCP") == "TCP":
                own = port.get("hostIP") or ""
                yield (node if own in {"", "0.0.0.0", "::"} else own, int(port["hostPort"]))  # noqa: S104
