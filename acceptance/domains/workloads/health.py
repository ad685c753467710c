"""The operator's view of health checks: that they are there, pass, and tell the truth."""

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
class Absence:
    """How the backend was while the database was away, and after it came back."""

    during: tuple[PodFacts, ...]
    after: tuple[PodFacts, ...]


class HealthOperator(ClusterActor):
    """Looks after the health checks."""

    def look_at_health(self) -> tuple[PodFacts, ...]:
        """Return all pods of the system's workloads.

        A pod that is on its way up or down gets its time: the scenario before may have lost one.
        """
        seen: list[tuple[PodFacts, ...]] = []

        def look() -> tuple[PodFacts, ...]:
            seen.append(tuple(pod for name in self.system.names for pod in self._pods(name)))
            return seen[-1]

        with (
            self._waking() as wake,
            suppress(DeadlineExceeded),
        ):  # what is not well by then is judged
            eventually(
                look,
                lambda pods: all(pod.serving for pod in pods),
                timeout=self._timeouts.readiness_change,
                wake=wake,
            )
        pods = seen[-1]
        self._keep("The health of every container", pretty([asdict(pod) for pod in pods]))
        return pods

    def judge_probes(self, pods: tuple[PodFacts, ...]) -> None:
        """Every container that goes on running has all three probes."""

        def fault(found: tuple[PodFacts, ContainerFacts]) -> str | None:
            pod, container = found
            missing = [probe for probe in PROBES if probe not in container.probes]
            return (
                f"{pod.name}/{container.name} has no {', '.join(missing)} probe" * bool(missing)
                or None
            )

        self._judge_workloads(pods)
        require_each(_running(pods), fault, nothing="The system has no container.")

    def judge_passing(self, pods: tuple[PodFacts, ...]) -> None:
        """Every container has started and is ready."""
        self._judge_workloads(pods)
        require_each(
            _running(pods),
            lambda found: (
                None
                if found[1].started and found[1].ready
                else f"{found[0].name}/{found[1].name} does not pass its probes ({found[1].state})"
            ),
            nothing="The system has no container.",
        )

    def judge_restarts(self, pods: tuple[PodFacts, ...]) -> None:
        """No container was restarted since the system was deployed."""
        before = dict(self.system.restarts)

        def fault(found: tuple[PodFacts, ContainerFacts]) -> str | None:
            pod, container = found
            more = container.restarts - before.get(f"{pod.uid}/{container.name}", 0)
            return f"{pod.name}/{container.name} was restarted {more} times" if more else None

        require_each(_running(pods), fault, nothing="The system has no container.")

    def take_database_away(self) -> Absence:
        """Scale the database to nothing, watch the backend, and bring the database back."""
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
                what="every backend pod unready while the database is away",
                describe=lambda pods: "; ".join(map(str, pods)) or "no pod",
            )
            self._cluster.scale(wanted.kind, namespace, names.database, wanted.wanted)
            eventually(
                self._workloads,
                lambda found: bool(found) and all(each.full for each in found),
                timeout=self._timeouts.recovery,
                wake=wake,
                what="the system at full strength after the database came back",
                describe=lambda found: "; ".join(map(str, found)),
            )
        self._undo.pop_all()  # restored
        absence = Absence(during, self._pods(names.backend))
        self._keep("The backend without and with its database", pretty(asdict(absence)))
        return absence

    def judge_truthful(self, absence: Absence) -> None:
        """Without the database every backend pod was alive and said that it was not ready."""
        require_each(
            absence.during,
            lambda pod: (
                f"{pod.name} said that it was ready"
                if pod.ready
                else None
                if pod.phase == "Running"
                else f"{pod.name} was not running: {pod.phase}"
            ),
            nothing="The backend had no pod.",
        )

    def judge_recovered(self, absence: Absence) -> None:
        """The same pods became ready again, without a restart."""
        after = {pod.uid: pod for pod in absence.after}

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

        require_each(absence.during, fault, nothing="The backend had no pod.")

    def _judge_workloads(self, pods: tuple[PodFacts, ...]) -> None:
        present = {pod.workload for pod in pods}
        missing = [name for name in self.system.names if name not in present]
        require(not missing, f"{', '.join(missing)} has no pod.")


def _running(pods: tuple[PodFacts, ...]) -> list[tuple[PodFacts, ContainerFacts]]:
    return [(pod, each) for pod in pods for each in pod.containers if not each.init]
