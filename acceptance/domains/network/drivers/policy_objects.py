"""Reads what decides which connections are allowed: policies, namespaces, pods and addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.drivers.kubernetes.discovery import served_apis
from acceptance.drivers.kubernetes.network_policies.port import Port
from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object

_GROUP = "networking.k8s.io"
_SUFFIX = "NetworkPolicy"
"""How the kinds of policies are called: CiliumNetworkPolicy, AdminNetworkPolicy, and so on."""
_TEMPLATES = ("deployments", "statefulsets", "daemonsets", "cronjobs")
_ENDED = {"Succeeded", "Failed"}


@dataclass(frozen=True)
class PolicyObjects:
    """All objects of a cluster that decide which connections are allowed, as the API sends them."""

    policies: tuple[Object, ...]
    other_policies: tuple[str, ...]
    """Policies of other kinds, each as "kind namespace/name"."""
    namespaces: tuple[Object, ...]
    pods: tuple[Object, ...]
    """Those that have not ended."""
    templates: tuple[Object, ...]
    """What workloads make pods of: metadata with a namespace, and a specification."""
    node_addresses: tuple[str, ...]


def read_policy_objects(cluster: Kubernetes) -> PolicyObjects:
    """Return the objects of all namespaces.

    Raises `Refused` if one of the kinds cannot be listed.
    """
    nodes = cluster.items(api_path("nodes"))
    pods = cluster.items(api_path("pods"))
    return PolicyObjects(
        tuple(cluster.items(api_path("networkpolicies"))),
        tuple(_other_policies(cluster)),
        tuple(each for each in cluster.items(api_path("namespaces")) if not _is_ending(each)),
        tuple(each for each in pods if each.get("status", {}).get("phase") not in _ENDED),
        tuple(template_of(each) for kind in _TEMPLATES for each in cluster.items(api_path(kind))),
        tuple(
            each["address"]
            for node in nodes
            for each in node.get("status", {}).get("addresses") or ()
            if each["type"].endswith("IP")
        ),
    )


def _is_ending(namespace: Object) -> bool:
    """Return whether a namespace is being deleted: no new pod can get into it."""
    return bool(namespace["metadata"].get("deletionTimestamp"))


def template_of(workload: Object) -> dict[str, Any]:
    """Return metadata and specification of the pods that a workload makes."""
    spec = workload["spec"]
    template = spec.get("jobTemplate", {}).get("spec", spec)["template"]
    own = workload["metadata"]
    metadata = {**(template.get("metadata") or {})}
    metadata |= {"namespace": own.get("namespace", ""), "name": own["name"]}
    return {"metadata": metadata, "spec": template["spec"]}


def declared_ports(spec: Mapping[str, Any]) -> tuple[tuple[str, Port], ...]:
    """Return the ports that a pod declares by name, sidecars among the init containers included."""
    containers: Sequence[Mapping[str, Any]] = [
        *spec["containers"],
        *(spec.get("initContainers") or ()),
    ]
    return tuple(
        (each["name"], Port(str(each.get("protocol", "TCP")).lower(), int(each["containerPort"])))
        for container in containers
        for each in container.get("ports") or ()
        if "name" in each
    )


def pod_addresses(pod: Object) -> tuple[str, ...]:
    """Return the addresses of a pod; none while it has none."""
    return tuple(each["ip"] for each in pod.get("status", {}).get("podIPs") or () if "ip" in each)


def _other_policies(cluster: Kubernetes) -> Iterator[str]:
    seen = set()
    for api in served_apis(cluster):
        for each in api.resources:
            kind = str((each.get("responseKind") or {}).get("kind", ""))
            known = (api.group, kind)
            if api.group == _GROUP or not kind.endswith(_SUFFIX) or known in seen:
                continue
            seen.add(known)
            for found in cluster.items(f"{api.path}/{each['resource']}"):
                metadata = found["metadata"]
                place = f"{metadata['namespace']}/" if "namespace" in metadata else ""
                yield f"{kind} {place}{metadata['name']}"
