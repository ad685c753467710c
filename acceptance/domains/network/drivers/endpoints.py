"""Reads where a cluster accepts connections: its Services, the pods behind them, its API server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.drivers.kubernetes.network_policies.port import Port
from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object

_SERVICE_NAME = "kubernetes.io/service-name"
_DEFAULT, _SYSTEM = "default", "kube-system"


@dataclass(frozen=True)
class ServiceAddress:
    """An address and port of a Service, or of a pod behind it."""

    namespace: str
    service: str
    host: str
    port: Port
    of_pod: bool
    """Whether it is a pod's own address; otherwise it is the Service's cluster IP."""


def service_addresses(
    cluster: Kubernetes, namespaces: Collection[str]
) -> tuple[ServiceAddress, ...]:
    """Return each IPv4 address and port of some namespaces' Services, the pods' own first."""
    found = []
    for each in cluster.items(api_path("endpointslices")):
        namespace = each["metadata"]["namespace"]
        if namespace not in namespaces or each["addressType"] != "IPv4":
            continue
        service = each["metadata"]["labels"].get(_SERVICE_NAME, "?")
        for endpoint in each.get("endpoints") or ():
            for port in each.get("ports") or ():
                host = endpoint["addresses"][0]
                found.append(ServiceAddress(namespace, service, host, _port(port), of_pod=True))
    for each in cluster.items(api_path("services")):
        namespace, spec = each["metadata"]["namespace"], each["spec"]
        if namespace not in namespaces or spec.get("clusterIP", "None") == "None":
            continue
        name, host = each["metadata"]["name"], spec["clusterIP"]
        found += [
            ServiceAddress(namespace, name, host, _port(port), of_pod=False)
            for port in spec["ports"]
        ]
    return tuple(found)


def namespaces_with_endpoints(cluster: Kubernetes) -> set[str]:
    """Return the namespaces in which there are Services with endpoints."""
    return {each["metadata"]["namespace"] for each in cluster.items(api_path("endpointslices"))}


def api_servers(cluster: Kubernetes) -> tuple[tuple[str, Port], ...]:
    """Return the API server's own addresses and ports, and last those of its Service."""
    slices = cluster.items(
        api_path("endpointslices", _DEFAULT), labelSelector=f"{_SERVICE_NAME}=kubernetes"
    )
    own = [
        (address, Port("tcp", int(port["port"])))
        for each in slices
        for endpoint in each.get("endpoints") or ()
        for address in endpoint["addresses"]
        for port in each["ports"]
    ]
    services = cluster.items(api_path("services", _DEFAULT))
    spec = next(each["spec"] for each in services if each["metadata"]["name"] == "kubernetes")
    return (*own, (spec["clusterIP"], Port("tcp", int(spec["ports"][0]["port"]))))


def name_server(cluster: Kubernetes) -> str:
    """Return the address of the cluster's DNS; empty if no Service is called `kube-dns`."""
    services = cluster.items(api_path("services", _SYSTEM))
    found = [each["spec"] for each in services if each["metadata"]["name"] == "kube-dns"]
    return str(found[0]["clusterIP"]) if found else ""


def main_node(cluster: Kubernetes) -> str:
    """Return the node that the API server runs on, or else the first one; empty without nodes."""
    addresses = {address for address, _ in api_servers(cluster)}
    nodes = cluster.items(api_path("nodes"))
    for node in nodes:
        if addresses & {each["address"] for each in node["status"].get("addresses") or ()}:
            return str(node["metadata"]["name"])
    return str(nodes[0]["metadata"]["name"]) if nodes else ""


def target_ports(service: Object, containers: Sequence[Mapping[str, Any]]) -> list[Port]:
    """Return the ports of a pod with these containers that a Service leads to."""
    named = {
        port["name"]: int(port["containerPort"])
        for container in containers
        for port in container.get("ports") or ()
        if "name" in port
    }
    found = []
    for port in service["spec"].get("ports") or ():
        target = port.get("targetPort", port["port"])
        number = target if isinstance(target, int) else named.get(target)
        if number is not None:
            found.append(Port(str(port.get("protocol", "TCP")).lower(), number))
    return found


def _port(found: Mapping[str, Any]) -> Port:
    return Port(str(found["protocol"]).lower(), found["port"])
