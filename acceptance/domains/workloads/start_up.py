"""Computes how long a container needed to start, and how long its probes allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acceptance.domains.workloads.drivers.probes import ProbeCounts, ProbedContainer

_MARGIN = 2
"""The next start may be slower, on a busy node: it has to fit in this many times."""


@dataclass(frozen=True)
class StartUp:
    """How long a container needed to start, and after how long it would be restarted."""

    container: str
    seconds: float
    """At most: its pod may have been unready later, too."""
    certain: bool
    """Whether it needed as long as that."""
    budget: float
    probe: str
    """The probe that allows so long: startup or liveness."""

    @property
    def enough(self) -> bool:
        """Whether a slower start would still be in time."""
        return self.seconds * _MARGIN <= self.budget

    def __str__(self) -> str:
        """Say both times."""
        return (
            f"{self.container} needed {self.seconds:g} s to start, and its {self.probe} probe "
            f"restarts it after {self.budget:g} s"
        )


def start_up_of(container: ProbedContainer, counts: ProbeCounts) -> StartUp | None:
    """Return how long a container needed; None if no probe restarts it, or it is not ready.

    Each attempt of a startup probe that failed has cost a period. Without such a probe the pod
    was not ready from the container's start until the readiness probe passed.
    """
    startup, liveness = container.probe("startup"), container.probe("liveness")
    if not container.ready:
        return None
    if startup is not None:
        failed = counts.get((container.key("startup"), "failed"), 0)
        seconds = startup.delay + startup.period * failed / (1 + container.restarts)
        return StartUp(
            str(container), seconds, certain=True, budget=startup.budget, probe="startup"
        )
    if liveness is None:
        return None
    seconds, certain = _unready(container, counts)
    return StartUp(str(container), seconds, certain, liveness.budget, "liveness")


def _unready(container: ProbedContainer, counts: ProbeCounts) -> tuple[float, bool]:
    """Return how long it was unready at most, and whether that was at its start."""
    since, readiness = container.start_seconds, container.probe("readiness")
    if since is None:
        return float("inf"), False
    if readiness is None:
        return since, True  # it was ready when it had started
    failed = counts.get((container.key("readiness"), "failed"), 0)
    # One period until the attempt that passed, and one until the kubelet had said so.
    failing = readiness.delay + readiness.period * (failed + 2)
    return min(since, failing), failing >= since
