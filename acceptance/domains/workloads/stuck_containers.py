"""Stops the processes of containers, as if they were stuck, and waits for their probes to fail."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.workloads.health import NEEDED, ContainerActor
from acceptance.drivers.container_signals import signal_containers
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import Unverifiable, require, require_each
from acceptance.waiting import SYSTEM_CLOCK, last_seen

if TYPE_CHECKING:
    from collections.abc import Collection

    from acceptance.domains.workloads.drivers.probes import ProbeCounts, ProbedContainer

_LOOK_SECONDS = 0.5
_SLACK_SECONDS = 2.0
"""For a busy kubelet, beyond what the probes say."""


@dataclass(frozen=True)
class StuckContainer:
    """A container whose processes were stopped, and what its probes made of it."""

    container: str
    watched: tuple[str, ...]
    """The kinds of its probes."""
    failed: tuple[str, ...]
    """Those that failed meanwhile."""
    seconds: float

    @property
    def passed(self) -> tuple[str, ...]:
        """The probes that did not notice."""
        return tuple(kind for kind in self.watched if kind not in self.failed)


class StuckContainerOperator(ContainerActor):
    """Checks that the probes of a container fail when its program is stuck."""

    def stop_one_of_each(self) -> tuple[StuckContainer, ...]:
        """Stop the processes of each container of one pod of each workload, and continue them.

        Raises `Unverifiable` where there is no way into the node.
        """
        containers = self._ready_containers()
        unready = [str(each) for each in containers if not (each.serving and each.ready)]
        require(not unready, f"{', '.join(unready)} is not ready before anything is stopped.")
        found: list[StuckContainer] = []
        for group in rounds(containers, {self.system.workloads.database}):
            found += self._stop(group)
            self._ready_containers()  # what failed has recovered
        self._replace_restarted(containers)
        self._keep("Probes of stuck containers", pretty([asdict(each) for each in found]))
        return tuple(found)

    def assert_probes_failed(self, found: tuple[StuckContainer, ...]) -> None:
        """Each probe of each container that was stopped has failed."""
        require_each(
            found,
            lambda each: (
                f"{each.container} was stuck for {each.seconds:.0f} s, and its "
                f"{' and '.join(each.passed)} probe did not fail"
                if each.passed
                else None
            ),
            nothing="No container was stopped.",
        )

    def _stop(self, group: tuple[ProbedContainer, ...]) -> list[StuckContainer]:
        """Stop the processes of these containers until all of their probes have failed."""
        before, started = self._probe_counts(group), SYSTEM_CLOCK.now()
        with ExitStack() as stopped, self._waking() as wake:
            for each in group:
                stopped.callback(self._continue, each)
                self._stop_processes(each)
            failed = last_seen(
                lambda: failures_since(group, before, self._probe_counts(group)),
                lambda seen: all(watched == failing for watched, failing in seen),
                timeout=min(seconds_to_fail(group), self._timeouts.recovery) + _SLACK_SECONDS,
                wake=wake,
                resync=_LOOK_SECONDS,
            )
        seconds = SYSTEM_CLOCK.now() - started
        return [
            StuckContainer(str(container), *each, seconds)
            for container, each in zip(group, failed, strict=True)
        ]

    def _stop_processes(self, container: ProbedContainer) -> None:
        try:
            self._signal(container, "STOP")
        except Refused as error:  # it may run on a node that the suite does not get into
            message = f"{container} cannot be stopped, so no probe is seen to fail: {error.message}"
            raise Unverifiable(f"{message}.") from error

    def _continue(self, container: ProbedContainer) -> None:
        with suppress(Refused):  # a container that was restarted meanwhile has no process
            self._signal(container, "CONT")

    def _signal(self, container: ProbedContainer, name: str) -> None:
        limit = self._timeouts.execute
        signal_containers(self.system, [container.container_id], name, timeout=limit)

    def _replace_restarted(self, before: tuple[ProbedContainer, ...]) -> None:
        """Replace pods that were restarted: another scenario takes a restart for a fault."""
        restarts = {each.key(""): each.restarts for each in before}
        for each in self._containers():
            if each.owned and each.restarts > restarts.get(each.key(""), each.restarts):
                self._cluster.delete(api_path("pods", self.system.namespace, each.pod))
        self._ready_containers()


def rounds(
    containers: tuple[ProbedContainer, ...], alone: Collection[str]
) -> tuple[tuple[ProbedContainer, ...], ...]:
    """Return which containers to stop at the same time, of one pod of each workload.

    No two of the same pod, because a probe may watch the wrong one of them. Those of the workloads
    `alone` have a round for themselves, because others depend on them.
    """
    chosen: dict[str, list[ProbedContainer]] = {}
    for each in containers:
        of_workload = chosen.setdefault(each.workload, [])
        if not of_workload or of_workload[0].pod == each.pod:
            of_workload.append(each)
    watched = {
        name: [each for each in found if not each.exempt and each.container_id and _kinds(each)]
        for name, found in chosen.items()
    }
    together = [found for name, found in watched.items() if name not in alone]
    longest = max(map(len, together), default=0)
    return (
        *(tuple(e[place] for e in together if place < len(e)) for place in range(longest)),
        *((each,) for name in alone for each in watched.get(name, ())),
    )


def seconds_to_fail(group: tuple[ProbedContainer, ...]) -> float:
    """Return after how long each probe had an attempt that began after the stop."""
    probes = [probe for each in group for probe in each.probes if probe.kind in NEEDED]
    return max((each.attempt for each in probes), default=0.0)


def failures_since(
    group: tuple[ProbedContainer, ...], before: ProbeCounts, now: ProbeCounts
) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """Return for each container the kinds of its probes, and those that failed since `before`."""

    def failed(container: ProbedContainer, kind: str) -> bool:
        key = container.key(kind), "failed"
        return now.get(key, 0) > before.get(key, 0)

    return tuple(
        (_kinds(each), tuple(kind for kind in _kinds(each) if failed(each, kind))) for each in group
    )


def _kinds(container: ProbedContainer) -> tuple[str, ...]:
    return tuple(kind for kind in NEEDED if container.probe(kind))
