"""Where probes stand: beside every kind of pod, dressed so that policies take them for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acceptance.domains.network.drivers import Door, Post
from acceptance.judgement import require

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.build.manifests import Manifest
    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object
    from acceptance.system import System

ROLES = ("frontend", "backend", "database")
NEW, STAGING, INGRESS, DNS = "new pod", "staging", "ingress", "DNS"
ELSEWHERE, NODE, API_SERVER, OUTSIDE = "elsewhere", "node", "API server", "outside"
WALLED = "walled"
"""A pod of the probes' own namespace, which a policy of their own closes."""

_PLATFORM = {
    INGRESS: "app.kubernetes.io/name in (traefik,ingress-nginx)",
    DNS: "k8s-app=kube-dns",
}
# What controllers write on pods, and no policy should go by.
_OF_CONTROLLERS = (
    "pod-template-hash",
    "pod-template-generation",
    "controller-revision-hash",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
)


def everywhere() -> tuple[str, ...]:
    """Return the names of all posts that a cluster may have."""
    own = (*ROLES, NEW)
    return (*own, *(f"{STAGING} {name}" for name in own), INGRESS, DNS, ELSEWHERE, NODE)


def posts_of_system(cluster: Kubernetes, system: System) -> dict[str, Post]:
    """Return a post beside each workload that runs, and one of a pod that nobody planned."""
    namespace = system.namespace
    services = cluster.items(f"/api/v1/namespaces/{namespace}/services")
    found = {}
    for role in ROLES:
        pods = cluster.pod_objects(namespace, system.named(role))
        require(pods, f"The {role} has no pod whose place a probe could take.")
        found[role] = _post(role, namespace, pods[0]["metadata"], pods[0]["spec"], services)
    return {**found, NEW: Post(NEW, namespace, {})}


def posts_of_staging(objects: Sequence[Manifest], system: System) -> dict[str, Post]:
    """Return the same for staging, of which there is nothing yet but its manifests."""
    namespace = next(e["metadata"]["name"] for e in objects if e["kind"] == "Namespace")
    services = [each for each in objects if each["kind"] == "Service"]
    found = {}
    for role in ROLES:
        workloads = [
            each["spec"]["template"]
            for each in objects
            if each["kind"] in {"Deployment", "StatefulSet"}
            and each["metadata"]["name"] == system.named(role)
        ]
        require(workloads, f"The staging overlay has no {role}.")
        name, template = f"{STAGING} {role}", workloads[0]
        found[name] = _post(name, namespace, template["metadata"], template["spec"], services)
    name = f"{STAGING} {NEW}"
    return {**found, name: Post(name, namespace, {})}


def posts_of_platform(cluster: Kubernetes) -> dict[str, Post]:
    """Return a post beside the ingress controller and one beside the cluster's DNS."""
    found = {}
    for name, selector in _PLATFORM.items():
        pods = cluster.items("/api/v1/pods", labelSelector=selector)
        if pods:
            namespace = pods[0]["metadata"]["namespace"]
            services = cluster.items(f"/api/v1/namespaces/{namespace}/services")
            found[name] = _post(name, namespace, pods[0]["metadata"], pods[0]["spec"], services)
    return found


def posts_of_nobody(cluster: Kubernetes, namespace: str) -> dict[str, Post]:
    """Return the posts of a namespace without policies, and one on the API server's own node."""
    return {
        ELSEWHERE: Post(ELSEWHERE, namespace, {}),
        WALLED: Post(WALLED, namespace, {}),
        NODE: Post(NODE, namespace, {}, node=_main_node(cluster)),
    }


def api_servers(cluster: Kubernetes) -> tuple[tuple[str, Door], ...]:
    """Return the API server's own addresses and ports, and those of its Service after them."""
    slices = cluster.items(
        "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
        labelSelector="kubernetes.io/service-name=kubernetes",
    )
    own = [
        (address, Door("tcp", int(port["port"])))
        for each in slices
        for endpoint in each.get("endpoints") or ()
        for address in endpoint["addresses"]
        for port in each["ports"]
    ]
    services = cluster.items("/api/v1/namespaces/default/services")
    spec = next(each["spec"] for each in services if each["metadata"]["name"] == "kubernetes")
    return (*own, (spec["clusterIP"], Door("tcp", int(spec["ports"][0]["port"]))))


def name_server(cluster: Kubernetes) -> str:
    """Return the address of the cluster's DNS; empty if it has no Service of the usual name."""
    services = cluster.items("/api/v1/namespaces/kube-system/services")
    found = [each["spec"] for each in services if each["metadata"]["name"] == "kube-dns"]
    return str(found[0]["clusterIP"]) if found else ""


def doors_of_service(service: Object, containers: Sequence[Mapping[str, Any]]) -> list[Door]:
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
            found.append(Door(str(port.get("protocol", "TCP")).lower(), number))
    return found


def _post(
    name: str,
    namespace: str,
    metadata: Mapping[str, Any],
    spec: Mapping[str, Any],
    services: Sequence[Object],
) -> Post:
    labels = {
        key: value
        for key, value in metadata.get("labels", {}).items()
        if key not in _OF_CONTROLLERS
    }
    containers = spec["containers"]
    own = {
        door
        for service in services
        if (selector := service["spec"].get("selector")) and selector.items() <= labels.items()
        for door in doors_of_service(service, containers)
    }
    require(own, f"No Service leads to the {name}, so where others may come is not known.")
    return Post(
        name,
        namespace,
        labels,
        spec.get("serviceAccountName", ""),
        tuple(
            (
                port.get("name", f"port-{port['containerPort']}"),
                Door(str(port.get("protocol", "TCP")).lower(), int(port["containerPort"])),
            )
            for container in containers
            for port in container.get("ports") or ()
        ),
        tuple(sorted(own)),
    )


def _main_node(cluster: Kubernetes) -> str:
    """Return the node that the API server runs on; the first one if it runs on none."""
    addresses = {address for address, _ in api_servers(cluster)}
    nodes = cluster.items("/api/v1/nodes")
    require(nodes, "The cluster has no node.")
    for node in nodes:
        if addresses & {each["address"] for each in node["status"].get("addresses") or ()}:
            return str(node["metadata"]["name"])
    return str(nodes[0]["metadata"]["name"])
