"""Asks Prometheus for its scrape targets and samples, by its HTTP API v1.

Source: the page "HTTP API" of Prometheus 3.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from acceptance.domains.observability.drivers.endpoints import ask
from acceptance.domains.observability.drivers.labels import Labelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
    from acceptance.drivers.kubernetes.client import Kubernetes

PROGRAMS = ("prometheus",)
"""The label's values by which a Prometheus is found."""
PROBES = "endpoints"
"""The job of the probes of health endpoints."""


@dataclass(frozen=True)
class ScrapeTarget(Labelled):
    """One target that a Prometheus scrapes."""

    job: str
    instance: str
    address: str
    """The host of the scrape URL, but of the probed URL for a probe of an endpoint."""
    url: str
    """The scrape URL."""
    health: str
    """up, down or unknown."""
    error: str
    """The last error, empty if there was none."""
    interval: float
    """The seconds from one scrape to the next."""
    labels: tuple[tuple[str, str], ...] = ()
    asked: str = ""
    """The URL that Prometheus itself asks: that of the prober for a probe of an endpoint."""
    pool: str = ""
    """The name in the configuration, which relabelling does not change."""

    @property
    def up(self) -> bool:
        """Whether the last scrape succeeded."""
        return self.health == "up"


@dataclass(frozen=True)
class ScrapeTargets:
    """All targets of one Prometheus; `refused` says why it did not return them."""

    endpoint: MonitoringEndpoint
    targets: tuple[ScrapeTarget, ...]
    refused: str


@dataclass(frozen=True)
class Sample(Labelled):
    """One sample of an answer to a query: its labels and its value."""

    labels: tuple[tuple[str, str], ...]
    value: float


@dataclass(frozen=True)
class Samples:
    """The answer to a query; `refused` says why Prometheus did not answer it."""

    query: str
    samples: tuple[Sample, ...]
    refused: str


@dataclass(frozen=True)
class SeriesHistory(Labelled):
    """The samples of one series over a while."""

    labels: tuple[tuple[str, str], ...]
    results: tuple[tuple[float, float], ...]
    """The Unix time and the value of each; of `up`, one for each scrape, 1 for a success."""


@dataclass(frozen=True)
class Exemplar(Labelled):
    """One observation of a metric, and the span in which it was made."""

    labels: tuple[tuple[str, str], ...]
    """Those of the metric."""
    trace: str
    span: str
    value: float


@dataclass(frozen=True)
class Exemplars:
    """The exemplars of a metric; `refused` says why Prometheus did not return them."""

    endpoint: MonitoringEndpoint
    exemplars: tuple[Exemplar, ...]
    refused: str


class Prometheus:
    """One Prometheus of a cluster."""

    def __init__(self, cluster: Kubernetes, endpoint: MonitoringEndpoint) -> None:
        """Ask the Prometheus at `endpoint`."""
        self._cluster = cluster
        self._endpoint = endpoint

    def targets(self) -> ScrapeTargets:
        """Return its active targets."""
        reply = ask(self._cluster, self._endpoint, "/api/v1/targets", state="active")
        found: Any = reply.json() if reply.succeeded else None
        try:
            targets = tuple(_target(each) for each in found["data"]["activeTargets"])
        except (TypeError, KeyError):
            return ScrapeTargets(self._endpoint, (), str(reply))
        return ScrapeTargets(self._endpoint, targets, "")

    def pools(self) -> frozenset[str]:
        """Return the names of all that it is to scrape, with and without targets, if it says."""
        reply = ask(self._cluster, self._endpoint, "/api/v1/scrape_pools")
        found: Any = reply.json() if reply.succeeded else None
        try:
            return frozenset(map(str, found["data"]["scrapePools"]))
        except (TypeError, KeyError):
            return frozenset()

    def flag(self, name: str) -> str | None:
        """Return the value of a flag with which it runs; None if it does not say."""
        reply = ask(self._cluster, self._endpoint, "/api/v1/status/flags")
        found: Any = reply.json() if reply.succeeded else None
        try:
            return str(found["data"][name])
        except (TypeError, KeyError):
            return None

    def query(self, query: str) -> Samples:
        """Return the instant vector that `query`, in PromQL, gives now."""
        reply = ask(self._cluster, self._endpoint, "/api/v1/query", query=query)
        found: Any = reply.json() if reply.succeeded else None
        try:
            samples = tuple(
                Sample(tuple(sorted(each["metric"].items())), float(each["value"][1]))
                for each in found["data"]["result"]
            )
        except (TypeError, KeyError, ValueError):
            return Samples(query, (), str(reply))
        return Samples(query, samples, "")

    def history(self, metric: str, seconds: float) -> tuple[SeriesHistory, ...]:
        """Return the samples of a metric of the last `seconds`; nothing without an answer."""
        query = f"{metric}[{seconds:.0f}s]"
        reply = ask(self._cluster, self._endpoint, "/api/v1/query", query=query)
        found: Any = reply.json() if reply.succeeded else None
        try:
            return tuple(
                SeriesHistory(
                    tuple(sorted(each["metric"].items())),
                    tuple((float(at), float(value)) for at, value in each["values"]),
                )
                for each in found["data"]["result"]
            )
        except (TypeError, KeyError, ValueError):
            return ()

    def exemplars(self, query: str, seconds: float) -> Exemplars:
        """Return the exemplars of the series of `query`, of the last `seconds`."""
        now = time.time()
        window = {"start": f"{now - seconds:.3f}", "end": f"{now + 1:.3f}"}
        path = "/api/v1/query_exemplars"
        reply = ask(self._cluster, self._endpoint, path, query=query, **window)
        found: Any = reply.json() if reply.succeeded else None
        try:
            exemplars = tuple(
                Exemplar(
                    tuple(sorted(series["seriesLabels"].items())),
                    each["labels"].get("trace_id", ""),
                    each["labels"].get("span_id", ""),
                    float(each["value"]),
                )
                for series in found["data"]
                for each in series["exemplars"]
            )
        except (TypeError, KeyError, ValueError):
            return Exemplars(self._endpoint, (), str(reply))
        return Exemplars(self._endpoint, exemplars, "")

    def total(self, metric: str, job: str, *by: str) -> Samples:
        """Return the sum of a metric of `job`, for each combination of the labels `by`."""
        return self.query(f'sum by ({", ".join(by)}) ({metric}{{job="{job}"}})')

    def series(self, metric: str, job: str, label: str = "") -> Samples:
        """Return the series of a metric of `job`; with a label or a=b, those that have it."""
        name, _, value = label.partition("=")
        chosen = f', {name}=~"{value or ".+"}"' if name else ""
        return self.query(f'{metric}{{job="{job}"{chosen}}}')

    def names_of(self, job: str) -> Samples:
        """Return a sample for the name of each metric that `job` has."""
        return self.query(f'count by (__name__) ({{job="{job}"}})')

    def of_target(self, job: str, instance: str) -> Samples:
        """Return all series that Prometheus has of a target."""
        return self.query(f'{{job="{job}", instance="{instance}"}}')

    def samples_of_targets(self, metrics: Sequence[str], job: str) -> Samples:
        """Return how many samples of any of `metrics` each target of `job` has now."""
        names = "|".join(metrics)
        return self.query(f'count by (instance) ({{__name__=~"{names}", job="{job}"}})')

    def total_increase(
        self, metric: str, job: str, window: tuple[float, float], *by: str
    ) -> Samples:
        """Return by how much the sums of `total` rose from one Unix time to another."""
        series = f'{metric}{{job="{job}"}}'
        start, end = (f"{series} @ {each:.3f}" for each in window)
        return self.query(f"sum by ({', '.join(by)}) ({end} - ({start} or 0 * {end}))")

    def probe_results(self) -> Samples:
        """Return the newest result of every probe of an endpoint: 1 for a success."""
        return self.query(f'probe_success{{job="{PROBES}"}}')

    def worst_probe_results(self, seconds: float) -> Samples:
        """Return the worst result of every probe in the last `seconds`."""
        return self.query(f'min_over_time(probe_success{{job="{PROBES}"}}[{seconds:.0f}s])')


def _target(found: dict[str, Any]) -> ScrapeTarget:
    labels = found.get("labels") or {}
    url = found["scrapeUrl"]
    probed = parse_qs(urlsplit(url).query).get("target", [url])[0]
    return ScrapeTarget(
        job=labels.get("job", ""),
        instance=labels.get("instance", ""),
        address=urlsplit(probed).hostname or "",
        url=probed,
        health=found["health"],
        error=found.get("lastError", ""),
        interval=seconds_of(found.get("scrapeInterval", "")),
        labels=tuple(sorted(labels.items())),
        asked=url,
        pool=found.get("scrapePool", ""),
    )


def seconds_of(duration: str) -> float:
    """Return a duration of Prometheus in seconds, such as 1m30s; 0 for what is none."""
    units = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
    units["y"] = 365 * units["d"]
    return sum(float(n) * units[unit] for n, unit in re.findall(r"(\d+)(ms|[smhdwy])", duration))
