"""Checks that the metrics of the backend's connections tell when there is none left."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from acceptance.domains.observability.dashboards.panel_causes import CROWDED, PanelWatcher
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import require_each
from acceptance.waiting import last_seen

if TYPE_CHECKING:
    from collections.abc import Sequence

_JOB = "backend"
_FREE, _SIZE, _WAITING = (
    "database_pool_available",
    "database_pool_size",
    "database_requests_waiting",
)
_SEEN_SECONDS = 45.0


@dataclass(frozen=True)
class PoolState:
    """What was measured of the connections of a pod while there were too many visitors."""

    pod: str
    free: float
    """The fewest that were free."""
    waiting: float
    """The most requests that waited for one."""
    size: float = 0.0
    """How many there were afterwards."""
    free_afterwards: float = -1.0

    @property
    def saturated(self) -> bool:
        """Whether none was free, and somebody waited."""
        return self.free == 0 and self.waiting > 0


class ConnectionWatcher(PanelWatcher):
    """Lets more visitors come than the backend has connections, and watches its metrics."""

    def watch_connections(self) -> tuple[PoolState, ...]:
        """Return what was measured of each backend pod meanwhile and afterwards."""
        pods = self.serving_when_full(self.system.workloads.backend)
        found = {pod: PoolState(pod, float("inf"), 0.0) for pod in pods}

        def values(metric: str) -> dict[str, float]:
            samples = self.prometheus().series(metric, _JOB).samples
            return {each.label("pod"): each.value for each in samples}

        def look() -> bool:
            free, waiting = values(_FREE), values(_WAITING)
            for pod, was in found.items():
                fewest = min(was.free, free.get(pod, was.free))
                found[pod] = PoolState(pod, fewest, max(was.waiting, waiting.get(pod, 0.0)))
            return all(each.saturated for each in found.values())

        def look_again() -> tuple[PoolState, ...]:
            sizes, free = values(_SIZE), values(_FREE)
            return tuple(
                replace(each, size=sizes.get(pod, 0.0), free_afterwards=free.get(pod, -1.0))
                for pod, each in found.items()
            )

        cause = self.cause_in(CROWDED, self.system.namespace)
        last_seen(look, bool, timeout=_SEEN_SECONDS)
        cause.cure.close()
        result = last_seen(
            look_again,
            lambda seen: all(0 < each.size == each.free_afterwards for each in seen),
            timeout=_SEEN_SECONDS,
        )
        self._keep("Connections of the backend", pretty([asdict(each) for each in result]))
        return result

    def assert_saturation_measured(self, found: Sequence[PoolState]) -> None:
        """Each pod had no free connection and requests that waited, and all free afterwards."""

        def fault(each: PoolState) -> str | None:
            if each.free != 0:
                return f"{each.pod} says that {each.free:g} connections were free, and none was"
            if not each.waiting:
                return f"{each.pod} says that no request waited for a connection"
            if not 0 < each.size == each.free_afterwards:
                return (
                    f"{each.pod} has {each.size:g} connections, and says that "
                    f"{each.free_afterwards:g} are free when nobody comes"
                )
            return None

        require_each(found, fault, nothing="No backend pod is ready.")
