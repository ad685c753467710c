"""What the actors share that look at the pods and workloads of the system."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from acceptance.actor import Actor
from acceptance.drivers import container_inspection
from acceptance.drivers.database import execute_sql
from acceptance.drivers.kubernetes.facts import at_full_strength
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable, require
from acceptance.waiting import DeadlineExceeded, eventually, lasting

if TYPE_CHECKING:
    from acceptance.drivers.container_inspection import ContainerInspection
    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import PodFacts, WorkloadFacts
    from acceptance.drivers.kubernetes.watch import ChangeWatch


@dataclass(frozen=True)
class _Strength:
    """A workload and its pods; equal as long as no pod was replaced or became ready or unready."""

    workload: WorkloadFacts
    pods: tuple[PodFacts, ...]
    """None are read of a workload at full strength."""

    def hopeless(self) -> str | None:
        """Say why a pod cannot become ready; None if all can."""
        return next((each.unrecoverable for each in self.pods if each.unrecoverable), None)


_GIVEN_UP: WeakKeyDictionary[Kubernetes, dict[str, _Strength]] = WeakKeyDictionary()
"""What a scenario has waited for in vain, by the workload."""


class ClusterActor(Actor):
    """Reads the pods and workloads of the system from the API server."""

    def serving(self, workload: str) -> tuple[str, ...]:
        """Return the names of the pods of a workload that are ready at this moment."""
        return tuple(pod.name for pod in self._pods(workload) if pod.serving)

    def serving_when_full(self, workload: str) -> tuple[str, ...]:
        """Return the names of the ready pods, once all replicas are ready or when none will be.

        The scenario before may have disturbed the workload. A pod that cannot become ready ends the
        wait, and where one scenario has given up, no other waits for the same pods again.
        """
        given_up = _GIVEN_UP.setdefault(self._cluster, {})
        hopeless = lasting(_Strength.hopeless, seconds=self._timeouts.unrecoverable)
        with self._waking() as wake:
            try:
                eventually(
                    lambda: self._strength(workload),
                    lambda found: found.workload.full,
                    timeout=self._timeouts.readiness_change,
                    wake=wake,
                    unrecoverable=lambda found: (
                        str(found) if found == given_up.get(workload) else hopeless(found)
                    ),
                )
            except DeadlineExceeded:  # what is not ready by then is judged
                given_up[workload] = self._strength(workload)
        return self.serving(workload)

    def _strength(self, workload: str) -> _Strength:
        found = self._workload(workload)
        return _Strength(found, () if found.full else self._pods(workload))

    def _pods(self, workload: str) -> tuple[PodFacts, ...]:
        return self._cluster.pods(self.system.namespace, workload)

    def _workload(self, name: str) -> WorkloadFacts:
        found = [each for each in self._workloads() if each.name == name]
        if not found:
            raise AssertionError(f"There is no workload {name} in {self.system.namespace}.")
        return found[0]

    def _workloads(self) -> tuple[WorkloadFacts, ...]:
        return self._cluster.workloads(self.system.namespace)

    def _at_full_strength(self, workloads: tuple[WorkloadFacts, ...]) -> bool:
        """Whether the system's workloads are full, and any other has all the pods that it wants."""
        return at_full_strength(workloads, self.system.names)

    def _main_container(self, workload: str, pod: str) -> str:
        """Return the container that does the work of a pod; for one that is gone, a likely name."""
        found = next((each for each in self._pods(workload) if each.name == pod), None)
        return found.main.name if found else workload

    def _backend_image(self) -> str:
        """Return the image of the backend, which has Python; the backend has to have a pod."""
        pods = self._pods(self.system.workloads.backend)
        require(pods, "The backend has no pod whose image another pod could use.")
        return pods[0].main.image

    def _sql(
        self, statement: str, database: str = "", *, timeout: float | None = None
    ) -> tuple[str, ...]:
        """Run SQL as the superuser, in the system's database unless another one is named.

        A database pod has to be ready. Raises `SystemFailure` if the statement fails.
        """
        system, pod = self.system, self._ready_database_pod()
        return execute_sql(
            *(Path(system.kubeconfig), system.context, system.namespace, pod.name),
            statement,
            container=pod.main.name,
            database=database,
            contract=system.contract,
            timeout=timeout or self._timeouts.query,
        )

    def _ready_database_pod(self) -> PodFacts:
        """Return a pod of the database that is ready; none is a failed check."""
        pods = [pod for pod in self._pods(self.system.workloads.database) if pod.serving]
        require(pods, "No database pod is ready.")
        return pods[0]

    def _inspect(self, pod: str, container: str) -> ContainerInspection:
        """Inspect a container of the system's namespace; raises `Unverifiable` without a shell."""
        system, limit = self.system, self._timeouts.execute
        where = (Path(system.kubeconfig), system.context, system.namespace)
        try:
            return container_inspection.inspect_container(*where, pod, container, timeout=limit)
        except EnvironmentFailure as error:
            said = error.message.strip().splitlines()[-1]
            message = f"The container {pod}/{container} cannot be inspected: {said}"
            raise Unverifiable(f"{message} Try: an image with a shell.") from error

    def _waking(self) -> ChangeWatch:
        return self._cluster.watch(self.system.namespace)
