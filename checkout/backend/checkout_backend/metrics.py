"""What is counted about requests and the pool, for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from checkout_backend.domain import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_FAILURES = ("unavailable", *(kind.code for kind in Refusal.__subclasses__()))
"""Why a checkout is not created, changed or paid."""
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.3, 0.5, 1.0, 2.5, 5.0)
"""Upper ends, in seconds. The service level of the latency is 0.3 s."""
# pool_available and the like, of the pool's statistics, which tell of a moment.
_POOL_GAUGES = ("pool_size", "pool_available", "requests_waiting")


class Metrics:
    """Metrics with a registry of their own, so that two applications in one process do not mix."""

    def __init__(self, pool: Callable[[], Mapping[str, int]] | None = None) -> None:
        """Count from zero; `pool` gives the statistics of the pool of connections."""
        self.registry = CollectorRegistry()
        labels = ["method", "route", "status"]
        self._requests = Counter(
            "http_requests", "Requests that were answered.", labels, registry=self.registry
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Time from a request to the end of its answer.",
            ["method", "route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._created = self._business("created", "Checkouts that were begun.")
        self._paid = self._business("paid", "Checkouts that were paid.")
        self._failed = Counter(
            "checkouts_failed",
            "Changes of checkouts that were refused, or could not be written.",
            ["reason"],
            registry=self.registry,
        )
        for reason in _FAILURES:  # an alert cannot be written on a series that does not exist yet
            self._failed.labels(reason)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        if pool:
            self.registry.register(_Pool(pool))

    def count(
        self,
        method: str,
        route: str,
        status: int,
        seconds: float,
        *,
        exemplar: dict[str, str] | None = None,
    ) -> None:
        """Count one request; `route` is a template, never a path with an id in it.

        `exemplar` leads from the time that it took to its trace.
        """
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds, exemplar or None)

    def created(self) -> None:
        """Count a checkout that was begun."""
        self._created.inc()

    def paid(self) -> None:
        """Count a checkout that was paid; the retry of a payment is none."""
        self._paid.inc()

    def failed(self, reason: str) -> None:
        """Count a change that failed: the code of a refusal, or unavailable."""
        self._failed.labels(reason).inc()

    def _business(self, what: str, description: str) -> Counter:
        return Counter(f"checkouts_{what}", description, registry=self.registry)


class NoMetrics(Metrics):
    """Counts nothing; the page for Prometheus is empty."""

    def __init__(self) -> None:
        """Have a registry without metrics."""
        self.registry = CollectorRegistry()

    def count(
        self,
        method: str,
        route: str,
        status: int,
        seconds: float,
        *,
        exemplar: dict[str, str] | None = None,
    ) -> None:
        """Do not count a request."""

    def created(self) -> None:
        """Do not count a checkout."""

    def paid(self) -> None:
        """Do not count a payment."""

    def failed(self, reason: str) -> None:
        """Do not count a failure."""


class _Pool(Collector):
    def __init__(self, statistics: Callable[[], Mapping[str, int]]) -> None:
        self._statistics = statistics

    def collect(self) -> Iterable[GaugeMetricFamily]:
        statistics = self._statistics()
        for name in _POOL_GAUGES:
            yield GaugeMetricFamily(
                f"database_{name}",
                f"{name.replace('_', ' ').capitalize()}, of connections to the database.",
                value=statistics.get(name, 0),
            )
