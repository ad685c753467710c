"""Places probes beside every kind of pod, with its labels, so that policies treat them like it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acceptance.domains.network.drivers import ProbePlacement, main_node, target_ports
from acceptance.drivers.kubernetes.network_policies.port import Port
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import require

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.build.manifests import Manifest
    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object
    from acceptance.system import System

ROLES = ("frontend", "backend", "database")
UNLABELLED, STAGING, INGRESS, DNS = "unlabelled pod", "staging", "ingress", "DNS"
CERT_MANAGER = "cert-manager"
ELSEWHERE, NODE, API_SERVER, OUTSIDE = "elsewhere", "node", "API server", "outside"
ISOLATED = "isolated"
"""A pod of the probes' own namespace, which a policy of the suite isolates."""

PLATFORM = {
    INGRESS: "app.kubernetes.io/name in (traefik,ingress-nginx)",
    DNS: "k8s-app=kube-dns",
    CERT_MANAGER: "app.kubernetes.io/name=cert-manager",
}
PLATFORM_PROGRAMS = {
    INGRESS: ("traefik", "ingress-nginx"),
    DNS: ("kube-dns",),
    CERT_MANAGER: ("cert-manager",),
}
"""The values of the labels that `PLATFORM` selects."""
# Controllers set these labels, and no policy should select by them.
_LABELS_OF_CONTROLLERS = (
    "pod-template-hash",
    "pod-template-generation",
    "controller-revision-hash",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "controller-uid",
    "job-name",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
)


def all_places() -> tuple[str, ...]:
    """Return the names of all placements that a cluster may have without its monitoring."""
    own = (*ROLES, UNLABELLED)
    return (*own, *(f"{STAGING} {name}" for name in own), *PLATFORM, ELSEWHERE, NODE)


def placements_of_system(cluster: Kubernetes, system: System) -> dict[str, ProbePlacement]:
    """Return a placement beside each running workload, and one of an unlabelled pod."""
    namespace = system.namespace
    services = cluster.items(api_path("services", namespace))
    found = {}
    for role in ROLES:
        pods = cluster.pod_objects(namespace, system.named(role))
        require(pods, f"The {role} has no running pod whose labels a probe could take.")
        found[role] = _served(
            placement_of(role, namespace, pods[0]["metadata"], pods[0]["spec"], services)
        )
    return {**found, UNLABELLED: ProbePlacement(UNLABELLED, namespace, {})}


def placements_of_staging(objects: Sequence[Manifest], system: System) -> dict[str, ProbePlacement]:
    """Return the same for staging, from its manifests alone: it is not deployed."""
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
        found[name] = _served(
            placement_of(name, namespace, template["metadata"], template["spec"], services)
        )
    name = f"{STAGING} {UNLABELLED}"
    return {**found, name: ProbePlacement(name, namespace, {})}


def placements_of_platform(cluster: Kubernetes) -> dict[str, ProbePlacement]:
    """Return placements beside the ingress controller, the cluster's DNS and cert-manager."""
    found = {}
    for name, selector in PLATFORM.items():
        pods = cluster.items(api_path("pods"), labelSelector=selector)
        if pods:
            namespace = pods[0]["metadata"]["namespace"]
            services = cluster.items(api_path("services", namespace))
            each = placement_of(name, namespace, pods[0]["metadata"], pods[0]["spec"], services)
            # Nobody but the monitoring connects to cert-manager, which has no Service.
            found[name] = each if name == CERT_MANAGER else _served(each)
    return found


def placements_without_policies(cluster: Kubernetes, namespace: str) -> dict[str, ProbePlacement]:
    """Return placements in a namespace without policies; one is on the API server's node."""
    node = main_node(cluster)
    require(node, "The cluster has no node.")
    return {
        ELSEWHERE: ProbePlacement(ELSEWHERE, namespace, {}),
        ISOLATED: ProbePlacement(ISOLATED, namespace, {}),
        NODE: ProbePlacement(NODE, namespace, {}, node=node),
    }


def labels_of_team(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels of a pod without those that controllers set."""
    return {key: value for key, value in labels.items() if key not in _LABELS_OF_CONTROLLERS}


def placement_of(
    name: str,
    namespace: str,
    metadata: Mapping[str, Any],
    spec: Mapping[str, Any],
    services: Sequence[Object],
) -> ProbePlacement:
    """Return the placement beside a pod, or beside those of a workload's template."""
    labels = labels_of_team(metadata.get("labels", {}))
    containers = spec["containers"]
    exposed = {
        port
        for service in services
        if (selector := service["spec"].get("selector")) and selector.items() <= labels.items()
        for port in target_ports(service, containers)
    }
    return ProbePlacement(
        name,
        namespace,
        labels,
        spec.get("serviceAccountName", ""),
        tuple(
            (
                port.get("name", f"port-{port['containerPort']}"),
                Port(str(port.get("protocol", "TCP")).lower(), int(port["containerPort"])),
            )
            for container in containers
            for port in container.get("ports") or ()
        ),
        tuple(sorted(exposed)),
    )


def _served(found: ProbePlacement) -> ProbePlacement:
    message = f"No Service leads to the {found.name}, so its exposed ports are unknown."
    require(found.exposed, message)
    return found
