"""Reads and changes a Kubernetes cluster: the kinds that several domains ask for, as facts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.connection import (
    DRY_RUN,
    MERGE,
    ApiConnection,
    Inaccessible,
    Refused,
    object_of,
)
from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from acceptance.drivers.http import Reply
    from acceptance.drivers.kubernetes.facts import (
        ClaimFacts,
        IngressFacts,
        NodeFacts,
        Object,
        PodFacts,
        WorkloadFacts,
    )

__all__ = ["DRY_RUN", "MERGE", "Inaccessible", "Kubernetes", "Refused", "pretty"]

_WORKLOADS = {
    "Deployment": "deployments",
    "StatefulSet": "statefulsets",
    "DaemonSet": "daemonsets",
}
"""The plural that the API's paths use, by kind."""
_VERBOSE = {"verbose": ""}


class Kubernetes(ApiConnection):
    """One cluster: its nodes, and the workloads, pods and other objects of its namespaces."""

    def __init__(self, kubeconfig: Path, context: str, *, timeout: float) -> None:
        """Connect as `ApiConnection` does."""
        super().__init__(kubeconfig, context, timeout=timeout)
        self._selectors: dict[tuple[str, str], str] = {}

    def liveness(self) -> Reply:
        """Return the API server's answer to whether it is alive, with each of its checks."""
        return self.send("GET", "/livez", query=_VERBOSE)

    def readiness(self) -> Reply:
        """Return the API server's answer to whether it is ready, with each of its checks."""
        return self.send("GET", "/readyz", query=_VERBOSE)

    def ask_pod(self, namespace: str, pod: str, port: int, path: str) -> Reply:
        """Return a pod's answer to a GET, through the API server and past every Service."""
        return self.send("GET", api_path("pods", namespace, f"{pod}:{port}", f"proxy{path}"))

    def version(self) -> str:
        """Return the server's version, such as v1.34.4+k3s1."""
        return str(object_of(self.send("GET", "/version")).get("gitVersion", ""))

    def nodes(self) -> tuple[NodeFacts, ...]:
        """Return all nodes."""
        return tuple(map(reading.node, self.items(api_path("nodes"))))

    def pods(self, namespace: str, workload: str | None = None) -> tuple[PodFacts, ...]:
        """Return the pods of a namespace, or those that a Deployment or StatefulSet selects."""
        found = self.pod_objects(namespace, workload)
        return tuple(reading.pod(each, workload or "") for each in found)

    def pod_objects(self, namespace: str, workload: str | None = None) -> list[Object]:
        """Return the pods as the API sends them; none if there is no such workload."""
        path = api_path("pods", namespace)
        if workload is None:
            return self.items(path)
        selector = self._selector(namespace, workload)
        return self.items(path, labelSelector=selector) if selector else []

    def workloads(self, namespace: str) -> tuple[WorkloadFacts, ...]:
        """Return all Deployments, StatefulSets and DaemonSets of a namespace."""
        return tuple(
            reading.workload(kind, found)
            for kind, plural in _WORKLOADS.items()
            for found in self.items(api_path(plural, namespace))
        )

    def _selector(self, namespace: str, workload: str) -> str:
        """Return the label selector of a workload, which cannot change while it exists."""
        key = namespace, workload
        if key not in self._selectors:
            for plural in _WORKLOADS.values():
                for found in self.items(api_path(plural, namespace)):
                    if found["metadata"]["name"] == workload:
                        self._selectors[key] = reading.selector(found["spec"]["selector"])
        return self._selectors.get(key, "")

    def container_port(self, namespace: str, workload: str) -> int:
        """Return the port number that the Service of the same name forwards visitors to.

        Its ports for metrics are for others, in whatever order they are. Raises `Refused` if there
        is no such Service, or no container has its named port.
        """
        service = object_of(self.send("GET", api_path("services", namespace, workload)))
        ports = service["spec"]["ports"]
        port = next((each for each in ports if not reading.is_for_metrics(each)), ports[0])
        target = port.get("targetPort", port["port"])
        if isinstance(target, int):
            return target
        for pod in self.pod_objects(namespace, workload):
            for container in pod["spec"]["containers"]:
                for named in container.get("ports") or ():
                    if named.get("name") == target:
                        return int(named["containerPort"])
        raise Refused(f"no container of {workload} has the port {target} of its Service")

    def claims(self, namespace: str) -> tuple[ClaimFacts, ...]:
        """Return all PersistentVolumeClaims of a namespace."""
        return tuple(map(reading.claim, self.items(api_path("persistentvolumeclaims", namespace))))

    def ingresses(self, namespace: str) -> tuple[IngressFacts, ...]:
        """Return all Ingresses of a namespace."""
        return tuple(map(reading.ingress, self.items(api_path("ingresses", namespace))))

    def config_maps(self, namespace: str) -> dict[str, Mapping[str, str]]:
        """Return the data of every ConfigMap of a namespace by its name, binary data included."""
        return {
            found["metadata"]["name"]: {
                **(found.get("data") or {}),
                **(found.get("binaryData") or {}),
            }
            for found in self.items(api_path("configmaps", namespace))
        }

    def secrets(self, namespace: str) -> dict[str, Mapping[str, str]]:
        """Return the data of every Secret of a namespace by its name, in base64."""
        return {
            found["metadata"]["name"]: found.get("data") or {}
            for found in self.items(api_path("secrets", namespace))
        }

    def events(self, namespace: str) -> list[Object]:
        """Return the events of a namespace."""
        return self.items(api_path("events", namespace))

    def log(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        previous: bool = False,
        lines: int | None = None,
        timestamps: bool = False,
    ) -> str | None:
        """Return the log of a container, or its last `lines`; None if it has none.

        With `timestamps`, each line begins with its time and a blank.
        """
        query = {"container": container, "previous": str(previous).lower()}
        if timestamps:
            query["timestamps"] = "true"
        if lines is not None:
            query["tailLines"] = str(lines)
        reply = self.send("GET", api_path("pods", namespace, pod, "log"), query=query)
        return reply.text if reply.succeeded else None

    def scale(self, kind: str, namespace: str, name: str, replicas: int) -> None:
        """Set the number of replicas of a Deployment or StatefulSet."""
        path = api_path(_WORKLOADS[kind], namespace, name, "scale")
        object_of(self.send("PATCH", path, {"spec": {"replicas": replicas}}, headers=MERGE))


def pretty(found: object) -> str:
    """Return an object as JSON that a person can read."""
    return json.dumps(found, indent=2, sort_keys=True, default=str)
