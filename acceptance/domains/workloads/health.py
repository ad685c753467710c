"""Checks the probes: that they are declared, pass, and report an outage of the database."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.facts import PROBES
from acceptance.judgement import require, require_each
from acceptance.waiting import DeadlineExceeded, eventually

if TYPE_CHECKING:
    from acceptance.drivers.kubernetes.facts import ContainerFacts, PodFacts


@dataclass(frozen=True)
class DatabaseOutage:
    """The backend's pods while the database was down, and after it was up again."""

    during: tuple[PodFacts, ...]
    after: tuple[PodFacts, ...]


class HealthOperator(ClusterActor):
    """Checks probes and restarts, and what the backend reports while the database is down."""

    def read_health(self) -> tuple[PodFacts, ...]:
        """Return all pods of the system's workloads, once all are ready or at the deadline.

        The scenario before may have deleted a pod.
        """
        seen: list[tuple[PodFacts, ...]] = []

        def look() -> tuple[PodFacts, ...]:
            seen.append(tuple(pod for name in self.system.names for pod in self._pods(name)))
            return seen[-1]

        with (
            self._waking() as wake,
            suppress(DeadlineExceeded),
        ):  # what is not ready by then is judged
            eventually(
                look,
                lambda pods: all(pod.serving for pod in pods),
                timeout=self._timeouts.readiness_change,
                wake=wake,
            )
        pods = seen[-1]
        self._keep("Health of every container", pretty([asdict(pod) for pod in pods]))
        return pods

    def assert_probes_declared(self, pods: tuple[PodFacts, ...]) -> None:
        """Every container but init containers has all three probes."""

        def fault(found: tuple[PodFacts, ContainerFacts]) -> str | None:
            pod, container = found
            missing = [probe for probe in PROBES if probe not in container.probes]
            return (
                f"{pod.name}/{container.name} has no {', '.join(missing)} probe" * bool(missing)
                or None
            )

        self._require_pods(pods)
        require_each(_running(pods), fault, nothing="The system has no container.")

    def assert_probes_pass(self, pods: tuple[PodFacts, ...]) -> None:
        """Every container has started and is ready."""
        self._require_pods(pods)
        require_each(
            _running(pods),
            lambda found: (
                None
                if found[1].started and found[1].ready
                else f"{found[0].name}/{found[1].name} does not pass its probes ({found[1].state})"
            ),
            nothing="The system has no container.",
        )

    def assert_no_restart(self, pods: tuple[PodFacts, ...]) -> None:
        """No container was restarted since the system was deployed."""
        before = dict(self.system.restarts)

        def fault(found: tuple[PodFacts, ContainerFacts]) -> str | None:
            pod, container = found
            more = container.restarts - before.get(f"{pod.uid}/{container.name}", 0)
            return f"{pod.name}/{container.name} was restarted {more} times" if more else None

        require_each(_running(pods), fault, nothing="The system has no container.")

    def interrupt_database(self) -> DatabaseOutage:
        """Scale the database to 0 until no backend pod is ready, then back to all replicas."""
        namespace, names = self.system.namespace, self.system.workloads
        wanted = self._workload(names.database)
        self._undo.callback(
            self._cluster.scale, wanted.kind, namespace, names.database, wanted.wanted
        )
        with self._waking() as wake:
            self._cluster.scale(wanted.kind, namespace, names.database, 0)
            during = eventually(
                lambda: self._pods(names.backend),
                lambda pods: bool(pods) and not any(pod.ready for pod in pods),
                timeout=self._timeouts.readiness_change,
                wake=wake,
                what="every backend pod unready while the database is down",
                describe=lambda pods: "; ".join(map(str, pods)) or "no pod",
            )
            self._cluster.scale(wanted.kind, namespace, names.database, wanted.wanted)
            eventually(
                self._workloads,
                lambda found: bool(found) and all(each.full for each in found),
                timeout=self._timeouts.recovery,
                wake=wake,
                what="the system at full strength after the database was started again",
                describe=lambda found: "; ".join(map(str, found)),
            )
        self._undo.pop_all()  # restored
        outage = DatabaseOutage(during, self._pods(names.backend))
        self._keep("The backend during and after the outage", pretty(asdict(outage)))
        return outage

    def assert_not_ready_during(self, outage: DatabaseOutage) -> None:
        """Without the database, every backend pod was running and reported not ready."""
        require_each(
            outage.during,
            lambda pod: (
                f"{pod.name} reported ready while the database was down"
                if pod.ready
                else None
                if pod.phase == "Running"
                else f"{pod.name} was not running: {pod.phase}"
            ),
            nothing="The backend had no pod.",
        )

    def assert_recovered(self, outage: DatabaseOutage) -> None:
        """The same pods became ready again, without a restart."""
        after = {pod.uid: pod for pod in outage.after}

        def fault(pod: PodFacts) -> str | None:
            now = after.get(pod.uid)
            if now is None:
                return f"{pod.name} did not recover by itself: it was replaced"
            if not now.serving:
                return f"{now} did not recover"
            restarts = sum(c.restarts for c in now.containers) - sum(
                c.restarts for c in pod.containers
            )
            return f"{pod.name} recovered only by {restarts} restarts" if restarts else None

        require_each(outage.during, fault, nothing="The backend had no pod.")

    def _require_pods(self, pods: tuple[PodFacts, ...]) -> None:
        present = {pod.workload for pod in pods}
        missing = [name for name in self.system.names if name not in present]
        require(not missing, f"{', '.join(missing)} has no pod.")


def _running(pods: tuple[PodFacts, ...]) -> list[tuple[PodFacts, ContainerFacts]]:
    return [(pod, each) for pod in pods for each in pod.containers if not each.init]
