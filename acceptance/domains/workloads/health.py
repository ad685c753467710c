"""Checks the probes of every container: that they are there, pass, and give it time to start."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.workloads.drivers.probes import probed_containers, read_probe_counts
from acceptance.domains.workloads.start_up import start_up_of
from acceptance.drivers.kubernetes.client import Inaccessible, pretty
from acceptance.judgement import Unverifiable, listed, require, require_each
from acceptance.waiting import last_seen

if TYPE_CHECKING:
    from acceptance.domains.workloads.drivers.probes import ProbeCounts, ProbedContainer
    from acceptance.domains.workloads.start_up import StartUp

NEEDED = ("readiness", "liveness")
"""The probes of a container that runs for as long as its pod."""
_WORDS = 4
"""A declared reason has at least so many."""
_NOTHING = "The system has no container."


@dataclass(frozen=True)
class Health:
    """Every container of the system's namespace that runs for long, and how it started."""

    containers: tuple[ProbedContainer, ...]
    starts: tuple[StartUp, ...]
    unknown: str = ""
    """Why nothing is known of their starts; empty if it is."""

    @property
    def probed(self) -> tuple[ProbedContainer, ...]:
        """Those that need probes."""
        return tuple(each for each in self.containers if not each.exempt)


class ContainerActor(ClusterActor):
    """Reads the containers of the system's namespace, and what kubelets counted of their probes."""

    def _containers(self) -> tuple[ProbedContainer, ...]:
        pods = self._cluster.pod_objects(self.system.namespace)
        return probed_containers(pods, self.system.run)

    def _ready_containers(self) -> tuple[ProbedContainer, ...]:
        """Return them once all are ready and their workloads full, or at the deadline.

        The scenario before may have deleted a pod. What is not ready by then is judged.
        """

        def look() -> tuple[bool, tuple[ProbedContainer, ...]]:
            return self._at_full_strength(self._workloads()), self._containers()

        with self._waking() as wake:
            return last_seen(
                look,
                lambda found: found[0] and all(each.serving and each.ready for each in found[1]),
                timeout=self._timeouts.readiness_change,
                wake=wake,
            )[1]

    def _probe_counts(self, containers: tuple[ProbedContainer, ...]) -> ProbeCounts:
        return read_probe_counts(self._cluster, sorted({c.node for c in containers if c.node}))


class HealthOperator(ContainerActor):
    """Checks that every container has its probes and passes them, and was not restarted."""

    def read_health(self) -> Health:
        """Return all containers that run for long, once all are ready or at the deadline."""
        containers = self._ready_containers()
        try:
            counts = self._probe_counts(containers)
            starts = [found for each in containers if (found := start_up_of(each, counts))]
            health = Health(containers, tuple(starts))
        except Inaccessible as error:
            health = Health(containers, (), error.message)
        self._keep("Health of every container", pretty(asdict(health)))
        return health

    def assert_probes_declared(self, health: Health) -> None:
        """Every container has the needed probes, or a declared reason for having none.

        At least one container of each workload has them. A stuck container is restarted in time.
        """
        self._require_pods(health)
        limit = self._timeouts.recovery
        require_each(
            health.containers, lambda each: _declaration_fault(each, limit), nothing=_NOTHING
        )
        exempt = {each.workload for each in health.containers} - {
            each.workload for each in health.probed
        }
        require(
            not exempt, f"No container of {listed(sorted(exempt))} has probes, by its own words."
        )

    def assert_probes_pass(self, health: Health) -> None:
        """Every container has started and is ready."""
        self._require_pods(health)
        require_each(
            health.containers,
            lambda each: (
                None
                if each.started and each.ready
                else f"{each} does not pass its probes ({each.state})"
            ),
            nothing=_NOTHING,
        )

    def assert_no_restart(self, health: Health) -> None:
        """No container was restarted since the system was deployed."""
        before = dict(self.system.restarts)

        def fault(each: ProbedContainer) -> str | None:
            more = each.restarts - before.get(f"{each.uid}/{each.name}", 0)
            return f"{each} was restarted {more} times" if more else None

        require_each(health.containers, fault, nothing=_NOTHING)

    def assert_time_to_start(self, health: Health) -> None:
        """The slowest observed start is well below what the probes allow.

        Raises `Unverifiable` if it is not known how long a container needed.
        """
        if health.unknown:
            raise Unverifiable(health.unknown)
        require_each(
            health.starts,
            lambda each: str(each) if each.certain and not each.enough else None,
            nothing="No container has started whose probes could restart it.",
        )
        unknown = [each.container for each in health.starts if not each.enough]
        if unknown:
            message = (
                f"How long {listed(unknown)} needed to start is not known: it was unready later"
            )
            raise Unverifiable(f"{message}. Try: a startup probe")

    def _require_pods(self, health: Health) -> None:
        present = {each.workload for each in health.containers}
        missing = [name for name in self.system.names if name not in present]
        require(not missing, f"{', '.join(missing)} has no pod.")


def _declaration_fault(container: ProbedContainer, limit: float) -> str | None:
    """Say what is wrong with the probes that a container declares; None if nothing is."""
    if container.exempt:
        brief = len(container.exempt.split()) < _WORDS
        return (
            f"{container} has no reason for having no probes but {container.exempt!r}" * brief
            or None
        )
    missing = [kind for kind in NEEDED if container.probe(kind) is None]
    if missing:
        return f"{container} has no {', '.join(missing)} probe"
    liveness = container.probe("liveness")
    if liveness and liveness.notice > limit:
        return (
            f"{container} is restarted only {liveness.notice:g} s after it is stuck, "
            f"and {limit:g} s are enough to recover"
        )
    return None
