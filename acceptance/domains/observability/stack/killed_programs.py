"""What was killed of the monitoring, and when Prometheus scraped it again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from acceptance.judgement import Unverifiable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.domains.observability.drivers.prometheus import SeriesHistory

NO_DELAY, MEASURED = "visitors' time, later traces", "what was measured and counted"
ALERTS, LINES, REFUSALS = "silences, and what was sent", "lines", "refused requests"
PROMISES = {NO_DELAY, MEASURED, ALERTS, LINES, REFUSALS, "nothing"}
"""What a program may be said to keep. Each but nothing has a check of its own; and whatever was
scraped has to be scraped again."""
_POD, _CONTAINER = "its pod", "its container "
_INTERVALS = 3
_ROUNDED_SECONDS = 1.0
"""Kubernetes rounds its times down to a second."""


@dataclass(frozen=True)
class KillRow:
    """What the feature says of a program: what is killed of it, and what it keeps."""

    program: str
    killed: str
    keeps: str

    @property
    def programs(self) -> tuple[str, ...]:
        """The values of the standard label, of which a cluster has one."""
        return tuple(each.strip() for each in self.program.split(" or "))

    @property
    def clear(self) -> bool:
        """Whether it says what is killed."""
        return self.killed == _POD or self.killed.startswith(_CONTAINER)

    @property
    def container(self) -> str:
        """The only container that is killed; empty if the pod is."""
        return self.killed.removeprefix(_CONTAINER) if self.killed != _POD else ""


@dataclass(frozen=True)
class KilledPod:
    """A pod that runs again: when its program was ready, and when it was scraped first."""

    namespace: str
    name: str
    ready: float
    """Unix time by the cluster's clock, in whole seconds."""
    scraped: tuple[tuple[str, float | None], ...] = ()
    """By job: the Unix time of the first success since; None if there was none."""


@dataclass(frozen=True)
class KilledProgram:
    """A program that was killed."""

    row: KillRow
    at: float
    """Unix time by the clock of the run."""
    processes: int
    """How many processes were killed; none where only the pod was deleted."""
    visits: tuple[int, int]
    """How many visitors had been answered when it was killed, and when it was back."""
    away: float
    """Seconds from when it was killed until it was back."""
    jobs: tuple[str, ...]
    """The jobs that scraped it before."""
    pods: tuple[KilledPod, ...]


@dataclass(frozen=True)
class KilledPrograms:
    """All programs that were killed, in this order, and how often Prometheus scrapes."""

    programs: tuple[KilledProgram, ...]
    interval: float

    def keeping(self, promise: str) -> tuple[KilledProgram, ...]:
        """Return those that keep something; raises `Unverifiable` if none was killed."""
        found = tuple(each for each in self.programs if each.row.keeps == promise)
        if not found:
            raise Unverifiable(f"No program was killed that keeps {promise}.")
        return found


def with_scrapes(
    killed: Sequence[KilledProgram], scrapes: Sequence[SeriesHistory], since: float
) -> tuple[KilledProgram, ...]:
    """Return the programs, each pod with its first success after it was ready, and after `since`.

    Times are in seconds since 1970.
    """
    return tuple(
        replace(
            each,
            pods=tuple(
                replace(
                    pod,
                    ready=max(pod.ready, since),
                    scraped=tuple((job, _first(scrapes, pod, job, since)) for job in each.jobs),
                )
                for pod in each.pods
            ),
        )
        for each in killed
    )


def faults_of_scrapes(program: KilledProgram, pod: KilledPod, found: KilledPrograms) -> list[str]:
    """Say which jobs scrape a pod too late after its program was killed, or never."""
    limit = _INTERVALS * found.interval + _ROUNDED_SECONDS
    faults = []
    for job, at in pod.scraped:
        if at is None:
            faults.append(
                f"{job} has not scraped {pod.name} since {program.row.program} was killed"
            )
        elif at - pod.ready > limit:
            faults.append(
                f"{job} scraped {pod.name} {at - pod.ready:.1f} s after it was ready again, which "
                f"is more than three intervals ({limit:g} s)"
            )
    return faults


def _first(
    scrapes: Sequence[SeriesHistory], pod: KilledPod, job: str, since: float
) -> float | None:
    """Return when a pod was scraped first, and successfully, since it was ready."""
    wanted = {"namespace": pod.namespace, "pod": pod.name, "job": job}
    times = [
        at
        for each in scrapes
        if wanted.items() <= dict(each.labels).items()
        for at, result in each.results
        if result == 1 and at >= max(pod.ready, since)
    ]
    return min(times, default=None)
