"""Places probes beside the programs of the monitoring, found by their standard labels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from acceptance.domains.network.drivers import ProbePlacement
from acceptance.domains.network.plan.probe_placement import ELSEWHERE, UNLABELLED, placement_of
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import require

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object

MONITORING, AGENTS = "monitoring", "agents"
_NAMESPACES = {MONITORING: "monitoring", AGENTS: "monitoring-agents"}
PROGRAMS = {
    "Prometheus": ("prometheus",),
    "Alertmanager": ("alertmanager",),
    "blackbox exporter": ("blackbox-exporter",),
    "node exporter": ("node-exporter",),
    "audit exporter": ("audit-exporter",),
    "log shipper": ("rsyslog", "fluent-bit"),
    "log store": ("opensearch", "elasticsearch"),
    "log retention": ("opensearch-retention",),
    "Jaeger": ("jaeger",),
    "Grafana": ("grafana",),
    "Kibana": ("kibana",),
}
"""What the table of connections calls them, and their standard labels: the first one that is found
counts."""
_ONLY_WITH = {
    "log retention": ("log store", "opensearch"),
    "Kibana": ("log store", "elasticsearch"),
}
"""What only one of the programs in a place needs beside it; another does the same by itself."""
_OPTIONAL = ("Grafana",)
"""What a monitoring may lack."""
SPOOFED = ("Prometheus", "log shipper")
"""The programs that are let in most. A pod elsewhere has their labels, to be let in like them."""
_NAME = "app.kubernetes.io/name"


def monitoring_places() -> tuple[str, ...]:
    """Return the names of all placements that a monitoring may have."""
    unlabelled = unlabelled_in_monitoring().values()
    return (*PROGRAMS, *unlabelled, *(spoofed(name) for name in SPOOFED))


def unlabelled_in_monitoring() -> dict[str, str]:
    """Return the names of the placements without labels, by their namespaces."""
    return {namespace: f"{name} {UNLABELLED}" for name, namespace in _NAMESPACES.items()}


def spoofed(name: str) -> str:
    """Return the name of the placement elsewhere that has a program's labels."""
    return f"{name} {ELSEWHERE}"


def needed_programs(place: str) -> tuple[str, ...]:
    """Return the programs without which there is no such placement; any of them is enough."""
    name = place.removesuffix(f" {ELSEWHERE}")
    return PROGRAMS.get(name) or tuple(f"any in {each}" for each in _NAMESPACES.values())


def is_needed(place: str, found: Mapping[str, ProbePlacement]) -> bool:
    """Return whether a monitoring lacks something if `place` is not among what was `found` of it.

    Where nobody knows which program needs it, because none is there, it is needed.
    """
    if place in _OPTIONAL:
        return False
    other, program = _ONLY_WITH.get(place, ("", ""))
    return other not in found or found[other].labels.get(_NAME) == program


def placements_of_monitoring(cluster: Kubernetes, elsewhere: str) -> dict[str, ProbePlacement]:
    """Return a placement beside each program that the cluster has, and one without labels.

    `elsewhere` is the namespace without policies, in which other pods have a program's labels.
    """
    found = {}
    for place, programs in PROGRAMS.items():
        for program in programs:
            template = _pod_template(cluster, program)
            if template is not None:
                found[place] = _placement(cluster, place, template)
                break
    for place in SPOOFED:
        if place in found:
            name = spoofed(place)
            labels = found[place].labels
            found[name] = ProbePlacement(name, elsewhere, labels)
    used = {each.namespace for each in found.values()}
    for namespace, place in unlabelled_in_monitoring().items():
        if namespace in used:
            found[place] = ProbePlacement(place, namespace, {})
    return found


def _placement(cluster: Kubernetes, place: str, template: Object) -> ProbePlacement:
    metadata = template["metadata"]
    namespace = metadata["namespace"]
    message = f"The {place} uses the network of its node, where no policy restricts it."
    require(not template["spec"].get("hostNetwork"), message)
    services = cluster.items(api_path("services", namespace))
    found = placement_of(place, namespace, metadata, template["spec"], services)
    return replace(
        found,
        # Where no Service leads, other programs find the pod by themselves, and its ports by name.
        exposed=found.exposed or found.declared,
        owner=_owner(cluster, namespace),
    )


def _owner(cluster: Kubernetes, namespace: str) -> dict[str, Any]:
    """Return the reference to an object that every namespace has."""
    accounts = cluster.items(api_path("serviceaccounts", namespace))
    found = [each["metadata"] for each in accounts if each["metadata"]["name"] == "default"]
    require(found, f"The namespace {namespace} has no ServiceAccount default to own a probe.")
    named = {"name": "default", "uid": found[0]["uid"]}
    return {"apiVersion": "v1", "kind": "ServiceAccount", **named, "controller": True}


def _pod_template(cluster: Kubernetes, program: str) -> Object | None:
    """Return metadata and specification of a program's pods; None if it is not deployed.

    A CronJob's template counts: its pods exist only while they run, and have labels of their Job.
    """
    selector = f"{_NAME}={program}"
    for namespace in _NAMESPACES.values():
        if jobs := cluster.items(api_path("cronjobs", namespace), labelSelector=selector):
            template = jobs[0]["spec"]["jobTemplate"]["spec"]["template"]
            metadata = {**template.get("metadata", {}), "namespace": namespace}
            return {"metadata": metadata, "spec": template["spec"]}
        if pods := cluster.items(api_path("pods", namespace), labelSelector=selector):
            return pods[0]
    return None
