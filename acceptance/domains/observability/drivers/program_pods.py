"""The pods of a program in any namespace: killed, or taken away and given back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.drivers.endpoints import LABEL
from acceptance.drivers.container_signals import container_ids
from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.client import Inaccessible, Refused
from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.drivers.kubernetes.client import Kubernetes


@dataclass(frozen=True)
class ProgramPod:
    """A pod of a program."""

    namespace: str
    name: str
    uid: str
    serving: bool
    containers: tuple[str, ...]
    """The ids of those that run."""


class ProgramPods:
    """All pods of some programs, by their standard label."""

    def __init__(self, cluster: Kubernetes, programs: Sequence[str]) -> None:
        """Look for pods of `programs`, the label's values."""
        self._cluster = cluster
        self._selector = f"{LABEL} in ({','.join(programs)})"

    def list(self) -> tuple[ProgramPod, ...]:
        """Return the pods, in every namespace."""
        found = []
        for each in self._cluster.items(api_path("pods"), labelSelector=self._selector):
            facts, metadata = reading.pod(each), each["metadata"]
            named = (metadata["namespace"], facts.name, facts.uid)
            found.append(ProgramPod(*named, facts.serving, container_ids(each)))
        return tuple(found)

    def containers(self) -> tuple[str, ...]:
        """Return the ids of all containers that run."""
        return tuple(each for pod in self.list() for each in pod.containers)

    def kill(self) -> tuple[ProgramPod, ...]:
        """Delete every pod without a grace period, and return them."""
        found = self.list()
        for pod in found:
            self._cluster.delete(api_path("pods", pod.namespace, pod.name), grace=0)
        return found

    def scale(self, replicas: int) -> None:
        """Set the replicas of the Deployment or StatefulSet of the programs.

        Raises `Inaccessible` if this cluster has none, `Refused` if it has more than one.
        """
        found = [
            (kind, each["metadata"])
            for kind, plural in (("Deployment", "deployments"), ("StatefulSet", "statefulsets"))
            for each in self._cluster.items(api_path(plural), labelSelector=self._selector)
        ]
        if len(found) != 1:
            kind_of_error = Refused if found else Inaccessible
            raise kind_of_error(f"there are {len(found)} workloads with {self._selector}")
        kind, metadata = found[0]
        self._cluster.scale(kind, metadata["namespace"], metadata["name"], replicas)
