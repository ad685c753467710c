"""The workloads of the monitoring, as the manifests declare them and as a cluster has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.domains.observability.drivers.endpoints import LABEL
from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from acceptance.drivers.kubernetes.client import Kubernetes

_KINDS = {
    "Deployment": "deployments",
    "StatefulSet": "statefulsets",
    "DaemonSet": "daemonsets",
    "CronJob": "cronjobs",
}
"""The plural that the API's paths use, by kind."""


@dataclass(frozen=True)
class StackWorkload:
    """A workload, and the image of each of its containers."""

    kind: str
    namespace: str
    name: str
    program: str
    """Its standard label; empty if it has none."""
    containers: tuple[tuple[str, str], ...]
    """Names and images, init containers included."""

    @property
    def runs(self) -> bool:
        """Whether its pods run all the time."""
        return self.kind != "CronJob"

    @property
    def place(self) -> tuple[str, str, str]:
        """What no two workloads have in common."""
        return self.kind, self.namespace, self.name

    def __str__(self) -> str:
        """Return kind, namespace and name."""
        return f"{self.kind} {self.namespace}/{self.name}"


def workloads_of(objects: Iterable[Mapping[str, Any]]) -> tuple[StackWorkload, ...]:
    """Return the workloads among rendered manifests."""
    return tuple(_workload(each["kind"], each) for each in objects if each["kind"] in _KINDS)


def running_workloads(cluster: Kubernetes, namespace: str) -> tuple[StackWorkload, ...]:
    """Return the workloads of a namespace; raises `Refused` if they are not listed."""
    return tuple(
        _workload(kind, each)
        for kind, plural in _KINDS.items()
        for each in cluster.items(api_path(plural, namespace))
    )


def _workload(kind: str, found: Mapping[str, Any]) -> StackWorkload:
    metadata, spec = found["metadata"], found["spec"]
    template = spec["jobTemplate"]["spec"]["template"] if kind == "CronJob" else spec["template"]
    return StackWorkload(
        kind,
        metadata["namespace"],
        metadata["name"],
        (metadata.get("labels") or {}).get(LABEL, ""),
        tuple(
            (each["name"], each["image"])
            for group in ("initContainers", "containers")
            for each in template["spec"].get(group) or ()
        ),
    )
