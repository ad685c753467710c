"""What the operator's views share: the cluster, the evidence, and an undo of disturbances."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acceptance.actors.judgement import Recorder
    from acceptance.drivers.facts import PodFacts, WorkloadFacts
    from acceptance.drivers.kubernetes import Kubernetes
    from acceptance.drivers.watching import PodWatch
    from acceptance.settings import Timeouts
    from acceptance.system import System


class Oversight:
    """Somebody with a kubeconfig."""

    def __init__(
        self, system: System, cluster: Kubernetes, *, keep: Recorder, timeouts: Timeouts
    ) -> None:
        """Look after `system` on `cluster`; `keep` takes evidence."""
        self.system = system
        self._cluster = cluster
        self._keep = keep
        self._timeouts = timeouts
        self._undo = ExitStack()

    def restore(self) -> None:
        """Undo whatever was disturbed and is not restored yet."""
        self._undo.close()

    def serving(self, workload: str) -> tuple[str, ...]:
        """Return the names of the pods of a workload that are ready."""
        return tuple(pod.name for pod in self._pods(workload) if pod.serving)

    def _pods(self, workload: str) -> tuple[PodFacts, ...]:
        return self._cluster.pods(self.system.namespace, workload)

    def _workload(self, name: str) -> WorkloadFacts:
        found = [each for each in self._workloads() if each.name == name]
        if not found:
            raise AssertionError(f"There is no workload {name} in {self.system.namespace}.")
        return found[0]

    def _workloads(self) -> tuple[WorkloadFacts, ...]:
        return self._cluster.workloads(self.system.namespace)

    def _waking(self) -> PodWatch:
        return self._cluster.watch_pods(self.system.namespace)
