"""Compares the log of every container of the cluster with the log store."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.observability.logs.actor import LogOperator, Pace
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import listed, require, require_each
from acceptance.waiting import last_seen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from acceptance.domains.observability.drivers.log_store import LogStore

_LINES = 100
"""The last lines of a container that are looked for. Those of a stack trace are one entry."""
_SETTLED = timedelta(seconds=15)
"""A line is looked for when it is so old: younger ones may be under way."""
_NEWEST = 500
_EXACT = timedelta(milliseconds=1)
"""How exactly the time of an entry has to be that of its line."""


@dataclass(frozen=True)
class ContainerLog:
    """The times of the last lines of a container, and whether the log store has one of them."""

    namespace: str
    pod: str
    container: str
    written: tuple[datetime, ...]
    refused: str = ""
    entries: int = 0
    apart: float | None = None
    """The seconds between the closest line and entry; None without an entry."""

    @property
    def found(self) -> bool:
        """Whether an entry has the time of a line."""
        return self.apart is not None and self.apart <= _EXACT.total_seconds()

    def __str__(self) -> str:
        """Name the container."""
        return f"{self.namespace}/{self.pod}/{self.container}"


class ShippedLogInspector(LogOperator):
    """Reads the logs of all containers, those that prepare a pod too, and looks for them."""

    def compare_every_container(self) -> tuple[ContainerLog, ...]:
        """Return every container that has written, once all of them are found or at the deadline.

        Raises `Unverifiable` if there is no log store.
        """
        stores, seen = self._stores(), tuple(self._written())

        def look() -> tuple[ContainerLog, ...]:
            nonlocal seen
            seen = tuple(each if each.found else _compared(each, stores) for each in seen)
            return seen

        found = last_seen(
            look,
            lambda seen: all(each.found for each in seen),
            timeout=self._timeouts.observation,
            wake=Pace(),
        )
        shown = [
            {**asdict(each), "written": [when.isoformat() for when in each.written[-1:]]}
            for each in found
        ]
        self._keep("The log of every container", pretty(shown))
        return found

    def assert_every_container_shipped(self, found: Sequence[ContainerLog]) -> None:
        """The log store has a line of each container, with the time at which it was written."""
        refused = [each.refused for each in found if each.refused]
        require(not refused, f"The log store does not answer: {listed(refused[:1])}.")

        def fault(each: ContainerLog) -> str | None:
            if each.found:
                return None
            if each.apart is None:
                return f"the log store has no line of {each}"
            return f"the entries of {each} are {each.apart:.3f} s or more away from its lines"

        require_each(found, fault, nothing="No container has written anything.")

    def _written(self) -> Iterator[ContainerLog]:
        """Yield the containers that have written, but for the pods of other scenarios."""
        for pod in self._cluster.items(api_path("pods")):
            metadata, spec = pod["metadata"], pod["spec"]
            if RUN_LABEL in (metadata.get("labels") or {}) and not metadata.get("ownerReferences"):
                continue
            for container in (*(spec.get("initContainers") or ()), *spec["containers"]):
                where = (metadata["namespace"], metadata["name"], container["name"])
                text = self._cluster.log(*where, lines=_LINES, timestamps=True) or ""
                times = settled_times(text, datetime.now(UTC))
                if times:
                    yield ContainerLog(*where, times)


def _compared(each: ContainerLog, stores: Sequence[LogStore]) -> ContainerLog:
    """Look for the lines of a container in the log stores."""
    where = {"namespace": each.namespace, "pod": each.pod, "container": each.container}
    answers = [store.newest(_NEWEST, **where) for store in stores]
    entries = [entry for answer in answers for entry in answer.entries]
    times = [when for entry in entries if (when := time_of(entry["@timestamp"]))]
    return replace(
        each,
        refused=next((answer.refused for answer in answers if answer.refused), ""),
        entries=len(times),
        apart=closest(each.written, times),
    )


def settled_times(text: str, now: datetime) -> tuple[datetime, ...]:
    """Return the times of the lines that are old enough to be found."""
    found = (time_of(line.partition(" ")[0]) for line in text.splitlines())
    return tuple(each for each in found if each and each < now - _SETTLED)


def time_of(text: str) -> datetime | None:
    """Return a time of RFC 3339, to the microsecond; None for another text."""
    whole, _, fraction = text.partition(".")
    digits = fraction.rstrip("Z")[:6] or "0"
    try:
        found = datetime.fromisoformat(whole.removesuffix("Z"))
        return found.replace(tzinfo=UTC, microsecond=int(digits.ljust(6, "0")))
    except ValueError:
        return None


def closest(lines: Sequence[datetime], entries: Sequence[datetime]) -> float | None:
    """Return the seconds between the line and the entry that are closest; None without one."""
    apart = (abs((line - entry).total_seconds()) for line in lines for entry in entries)
    return min(apart, default=None)
