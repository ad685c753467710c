"""Checks that Prometheus scrapes what it has to, and that what it counts is what happened."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from acceptance.domains.observability.drivers import prometheus
from acceptance.domains.observability.drivers.certified_access import CertifiedAccess
from acceptance.domains.observability.drivers.exposition import metric_names
from acceptance.domains.observability.drivers.prometheus import Prometheus
from acceptance.domains.observability.metrics.scrape_plan import (
    PODS,
    ExpectedTarget,
    ScrapeRow,
    compare,
    expected_targets,
)
from acceptance.domains.observability.monitoring import MonitoringOperator
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import listed, require, unproven
from acceptance.waiting import SYSTEM_CLOCK, eventually, last_seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
    from acceptance.domains.observability.drivers.prometheus import ScrapeTarget

_HTTPS = "https"
_UP = "up"
"""The metric of which Prometheus has a sample for every target."""


@dataclass(frozen=True)
class ScrapeState:
    """What has to be scraped, and what is."""

    rows: tuple[ScrapeRow, ...]
    expected: tuple[ExpectedTarget, ...]
    targets: tuple[ScrapeTarget, ...]
    refused: str

    @property
    def missing(self) -> list[str]:
        """What is not scraped as it is to be, in sentences."""
        return compare(self.expected, self.targets)[0]

    @property
    def beside(self) -> list[str]:
        """What is scraped and is not planned, in sentences."""
        return compare(self.expected, self.targets)[1]


@dataclass(frozen=True)
class NewReplica:
    """A new pod, and how long after it was ready Prometheus had scraped it."""

    name: str
    seconds: float
    interval: float


class MetricsOperator(MonitoringOperator):
    """Asks the one Prometheus that the system is watched by."""

    def read_scrape_state(self, table: Sequence[Sequence[str]]) -> ScrapeState:
        """Compare the plan with Prometheus, until both agree or at the deadline.

        A pod that has just come or gone is seen a moment later. `table` has a head, and the columns
        of `ScrapeRow`.
        """
        rows = tuple(ScrapeRow(*row) for row in table[1:])
        client = self.prometheus()

        def look() -> ScrapeState:
            expected = expected_targets(self._cluster, self.system, rows)
            found = client.targets()
            return ScrapeState(rows, expected, found.targets, found.refused)

        state = last_seen(
            look,
            lambda state: not (state.refused or state.missing or state.beside),
            timeout=self._timeouts.observation,
        )
        self._keep("Planned and actual scrape targets", pretty(asdict(state)))
        return state

    def assert_all_scraped(self, state: ScrapeState) -> None:
        """Every target of the plan is scraped successfully."""
        require(not state.refused, f"Prometheus does not return its targets: {state.refused}.")
        require(state.expected, "Nothing is to be scraped.")
        require(not state.missing, listed(state.missing))

    def assert_nothing_else_scraped(self, state: ScrapeState) -> None:
        """Prometheus scrapes nothing that the plan does not name, and nothing twice."""
        require(state.targets, "Prometheus has no target.")
        require(not state.beside, listed(state.beside))

    def assert_metrics_present(self, state: ScrapeState) -> None:
        """Prometheus has the metric of each target, and each pod's own page has it too."""
        client = self.prometheus()
        faults: list[str] = []
        for row in state.rows:
            found = client.samples_of_targets(row.metrics, row.job)
            require(not found.refused, f"Prometheus does not answer: {found.refused}.")
            having = {each.label("instance") for each in found.samples if each.value > 0}
            own = [each for each in state.targets if each.job == row.job]
            require(own, f"Prometheus has no target of {row.job}.")
            faults += [
                f"{row.job}: {each.label('pod') or each.instance} has no metric {row.metric}"
                for each in own
                if each.instance not in having
            ]
            faults += self._faults_of_pages(row, own)
        require(not faults, listed(faults))

    def prometheus(self) -> Prometheus:
        """Return the client of the one Prometheus.

        Raises `Unverifiable` if there is none; more than one is a failed check.
        """
        return Prometheus(self._cluster, self._prometheus_endpoint)

    def await_targets_known(self) -> None:
        """Wait until Prometheus has scraped every target, and knows of none that has gone.

        The scenario before may have disturbed them, or started Prometheus anew. It notices the end
        only of a target that it has scraped since: what was measured before counts for a minute.
        What is not so by then is judged.
        """
        client = self.prometheus()

        def look() -> bool:
            targets = client.targets().targets
            known = client.query(_UP).samples
            scraped = all(each.up for each in targets)
            return scraped and len(known) == len(targets) > 0  # no answer is none

        last_seen(look, bool, timeout=self._timeouts.recovery)

    @cached_property
    def _prometheus_endpoint(self) -> MonitoringEndpoint:
        return self._one_endpoint(prometheus.PROGRAMS, "monitoring", "Prometheus")

    def add_replica(self) -> NewReplica:
        """Add a backend pod; time from its being ready until Prometheus has scraped it."""
        name = self.system.workloads.backend
        client, before = self.prometheus(), self._workload(name)
        known = {pod.name for pod in self._pods(name)}
        scale = (before.kind, self.system.namespace, name)
        self._undo.callback(self._cluster.scale, *scale, before.wanted)
        with self._waking() as wake:
            self._cluster.scale(*scale, before.wanted + 1)
            pods = eventually(
                lambda: [p for p in self._pods(name) if p.name not in known],
                lambda found: any(pod.serving for pod in found),
                timeout=self._timeouts.rollout,
                wake=wake,
                what="a new backend pod",
            )
        pod = next(pod for pod in pods if pod.serving)
        ready = SYSTEM_CLOCK.now()

        def look() -> list[ScrapeTarget]:
            return [
                each
                for each in client.targets().targets
                if each.address == pod.address and each.job == name
            ]

        seen = last_seen(
            look,
            lambda found: any(each.up for each in found),
            timeout=self._timeouts.observation,
        )
        seconds = SYSTEM_CLOCK.now() - ready
        require(seen, f"Prometheus does not know {pod.name} {seconds:.0f} s after it was ready.")
        found = NewReplica(pod.name, seconds, seen[0].interval)
        self._keep("The new pod and its first scrape", pretty(asdict(found)))
        return found

    def assert_scraped_soon(self, replica: NewReplica) -> None:
        """The new pod was scraped within two intervals of its being ready."""
        limit = 2 * replica.interval
        require(limit > 0, "Prometheus does not say how often it scrapes.")
        require(
            replica.seconds <= limit,
            f"{replica.name} was scraped {replica.seconds:.1f} s after it was ready, which is more "
            f"than two intervals ({limit:g} s).",
        )

    def _faults_of_pages(self, row: ScrapeRow, targets: Sequence[ScrapeTarget]) -> list[str]:
        """Read the page of each pod by another way than Prometheus does."""
        if row.scraped != PODS:
            return []
        faults = []
        for each in targets:
            pod, port = each.label("pod"), urlsplit(each.url).port
            if metric_names(self._page_of(each)).isdisjoint(row.metrics):
                faults.append(f"the page of {pod} at port {port} has no metric {row.metric}")
        return faults

    def _page_of(self, target: ScrapeTarget) -> str:
        """Return the page of a target, read by another way than Prometheus does.

        It is a failed check if it does not answer.
        """
        path, url = path_of(target), urlsplit(target.url)
        try:
            if url.scheme == _HTTPS and target.label("pod"):
                access = CertifiedAccess(self._cluster, self._prometheus_endpoint.namespace)
                where = target.label("namespace"), target.label("pod")
                reply = access.send(access.pod_port(*where, url.port or 443), "GET", url.path)
            else:
                reply = self._cluster.send("GET", path)
        except Refused as error:
            raise unproven(f"The metrics at {path} cannot be read: {error}.", error) from error
        if not reply.succeeded:
            raise AssertionError(f"The metrics at {path} cannot be read: {reply}.")
        return reply.text


def path_of(target: ScrapeTarget) -> str:
    """Return the API server's path to a target's page: of a pod, a node, or of itself."""
    url = urlsplit(target.url)
    if target.label("pod"):
        name = f"{target.label('pod')}:{url.port}"
        return api_path("pods", target.label("namespace"), name, f"proxy{url.path}")
    if target.label("node"):
        return api_path("nodes", name=target.label("node"), part=f"proxy{url.path}")
    return url.path
