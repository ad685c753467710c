"""Takes the database away for as long as any liveness probe needs to act, and gives it back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.workloads.health import ContainerActor
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import require_each
from acceptance.waiting import SYSTEM_CLOCK, eventually, last_seen

if TYPE_CHECKING:
    from acceptance.domains.workloads.drivers.probes import ProbeCounts, ProbedContainer, ProbeKey
    from acceptance.drivers.kubernetes.facts import PodFacts

_LOOK_SECONDS = 1.0
_SLACK_SECONDS = 3.0
"""For a busy kubelet, beyond what the probes say."""


@dataclass(frozen=True)
class LivenessDuringOutage:
    """How the liveness probe of a container went while the database was down."""

    container: str
    failures: int
    """How many attempts have to fail before the kubelet restarts it."""
    failed: int
    attempts: int
    restarts: int

    @property
    def over(self) -> bool:
        """Whether it would have been restarted by now, if the probe depended on the database."""
        return max(self.attempts, self.failed) >= self.failures or self.restarts > 0


@dataclass(frozen=True)
class DatabaseOutage:
    """The backend's pods while the database was down and after, and the other containers."""

    during: tuple[PodFacts, ...]
    after: tuple[PodFacts, ...]
    liveness: tuple[LivenessDuringOutage, ...]


class OutageOperator(ContainerActor):
    """Checks what the probes report while the database is down."""

    def interrupt_database(self) -> DatabaseOutage:
        """Scale the database to 0 until every probe could have acted on it, then back."""
        namespace, names = self.system.namespace, self.system.workloads
        wanted = self._workload(names.database)
        self._undo.callback(
            self._cluster.scale, wanted.kind, namespace, names.database, wanted.wanted
        )
        sound = self._probe_counts(self._containers())
        with self._waking() as wake:
            self._cluster.scale(wanted.kind, namespace, names.database, 0)
            eventually(
                lambda: self._pods(names.database),
                lambda pods: not pods,
                timeout=self._timeouts.recovery,
                wake=wake,
                what="no database pod left",
                describe=lambda pods: "; ".join(map(str, pods)),
            )
            before = self._containers()
            gone, started = self._probe_counts(before), SYSTEM_CLOCK.now()
            limit = min(seconds_to_act(before), self._timeouts.recovery) + _SLACK_SECONDS
            noticed_by = max(
                (pod.seconds_to_notice for pod in self._pods(names.backend)), default=0
            )

            def look() -> tuple[tuple[PodFacts, ...], tuple[LivenessDuringOutage, ...]]:
                now = self._containers()
                counts = self._probe_counts(now)
                return self._pods(names.backend), liveness_since(before, sound, gone, now, counts)

            during, liveness = last_seen(
                look,
                lambda seen: (
                    all(each.over for each in seen[1])
                    and (
                        not any(pod.ready for pod in seen[0])
                        or SYSTEM_CLOCK.now() - started > noticed_by + _SLACK_SECONDS
                    )
                ),
                timeout=limit,
                wake=wake,
                resync=_LOOK_SECONDS,
            )
            self._cluster.scale(wanted.kind, namespace, names.database, wanted.wanted)
            last_seen(
                self._workloads,
                self._at_full_strength,
                timeout=self._timeouts.recovery,
                wake=wake,
            )
        self._undo.pop_all()  # restored
        outage = DatabaseOutage(during, self._pods(names.backend), liveness)
        self._keep("The system during and after the outage", pretty(asdict(outage)))
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

    def assert_none_restarted(self, outage: DatabaseOutage) -> None:
        """No other container was restarted, or was about to be, because the database was down."""
        require_each(outage.liveness, liveness_fault, nothing="No container has a liveness probe.")

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


def seconds_to_act(containers: tuple[ProbedContainer, ...]) -> float:
    """Return after how long every liveness probe has restarted its container, if it does."""
    probes = [probe for each in containers if (probe := each.probe("liveness"))]
    return max((each.notice + each.period for each in probes), default=0.0)


def liveness_since(
    before: tuple[ProbedContainer, ...],
    sound: ProbeCounts,
    gone: ProbeCounts,
    now: tuple[ProbedContainer, ...],
    counts: ProbeCounts,
) -> tuple[LivenessDuringOutage, ...]:
    """Return how each liveness probe went since the database was stopped, by the kubelets' counts.

    Failures count since it was `sound`, as an ending database may cause some; attempts since it was
    `gone`. A container whose pod is gone meanwhile has ended, which nobody needs to wait for.
    """
    later = {each.key("liveness"): each for each in now}
    found = []
    for each in before:
        key, probe = each.key("liveness"), each.probe("liveness")
        if probe is None or key not in later:
            continue
        failed = counts.get((key, "failed"), 0) - sound.get((key, "failed"), 0)
        attempts = _attempts(counts, key) - _attempts(gone, key)
        restarts = later[key].restarts - each.restarts
        found.append(LivenessDuringOutage(str(each), probe.failures, failed, attempts, restarts))
    return tuple(found)


def _attempts(counts: ProbeCounts, key: ProbeKey) -> int:
    return sum(counts.get((key, result), 0) for result in ("failed", "successful"))


def liveness_fault(each: LivenessDuringOutage) -> str | None:
    """Say that a container was restarted for the database, or would be; None if not."""
    if each.restarts:
        return f"{each.container} was restarted {each.restarts} times while the database was down"
    if each.failed >= each.failures:
        return (
            f"The liveness probe of {each.container} failed {each.failed} times while the database "
            "was down, and a restart does not bring the database back"
        )
    return None
