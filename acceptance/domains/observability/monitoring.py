"""Checks metrics and logs by asking the running Prometheus and log store, not by their files."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.observability.drivers import log_store, prometheus
from acceptance.domains.observability.drivers.endpoints import LABEL, find_endpoints
from acceptance.domains.observability.drivers.log_store import LogHits, LogStore
from acceptance.domains.observability.drivers.prometheus import (
    PROBES,
    Prometheus,
    ScrapeTargets,
)
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.judgement import Unverifiable, require, unproven
from acceptance.waiting import last_seen

if TYPE_CHECKING:
    from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
    from acceptance.domains.observability.drivers.prometheus import ScrapeTarget
    from acceptance.drivers.kubernetes.facts import PodFacts


class MonitoringOperator(ClusterActor):
    """Asks every Prometheus for its targets, and every log store for a request."""

    def read_scrape_targets(self) -> tuple[ScrapeTargets, ...]:
        """Ask every Prometheus of the cluster for its scrape targets.

        Raises `Unverifiable` if there is no Prometheus, or the API server does not list it.
        """
        clients = [
            Prometheus(self._cluster, each)
            for each in self._endpoints(prometheus.PROGRAMS, "monitoring")
        ]
        # A new pod is scraped a moment after it is ready.
        found = last_seen(
            lambda: tuple(client.targets() for client in clients),
            lambda seen: any(not self._unscraped(each) for each in seen),
            timeout=self._timeouts.observation,
        )
        self._keep("Scrape targets", pretty([asdict(each) for each in found]))
        return found

    def assert_backend_scraped(self, found: tuple[ScrapeTargets, ...]) -> None:
        """One Prometheus scrapes every backend pod successfully."""
        faults = [self._unscraped(each) for each in found]
        require(found, "No Prometheus was asked.")
        require(not all(faults), "; ".join(faults))

    def search_logs(self, wanted: str) -> tuple[LogHits, ...]:
        """Search every log store of the cluster for a text, until one has it.

        Raises `Unverifiable` if there is no log store, or the API server does not list it.
        """
        clients = [
            LogStore(self._cluster, each)
            for each in self._endpoints(log_store.PROGRAMS, "log store")
        ]
        namespace = self.system.namespace
        found = last_seen(
            lambda: tuple(client.search(namespace, wanted) for client in clients),
            lambda hits: any(each.count for each in hits),
            timeout=self._timeouts.observation,
        )
        self._keep("Lines found in log stores", pretty([asdict(each) for each in found]))
        return found

    def assert_request_logged(self, found: tuple[LogHits, ...]) -> None:
        """A log store has a line of the request."""
        limit = self._timeouts.observation
        faults = [
            f"{each.endpoint.name} did not answer the search: {each.refused}"
            if each.refused
            else f"{each.endpoint.name} has no line of the request after {limit:g} s"
            for each in sorted(found, key=lambda each: not each.refused)
        ]
        require(any(each.count for each in found), "; ".join(faults))

    def _endpoints(self, programs: tuple[str, ...], what: str) -> tuple[MonitoringEndpoint, ...]:
        try:
            found = find_endpoints(self._cluster, programs)
        except Refused as error:
            message = f"It is unknown whether a {what} is deployed: {error}."
            raise unproven(message, error) from error
        searched = {"label": LABEL, "values": programs, "found": [asdict(each) for each in found]}
        self._keep(f"Search for a {what}", pretty(searched))
        if not found:
            message = (
                f"No {what} is deployed: nothing in any namespace has the label {LABEL} with the "
                f"value {' or '.join(programs)}."
            )
            raise Unverifiable(message)
        return found

    def _one_endpoint(
        self, programs: tuple[str, ...], what: str, program: str
    ) -> MonitoringEndpoint:
        """Return the only one; raises what `_endpoints` does, and more than one is a fault."""
        found = self._endpoints(programs, what)
        names = ", ".join(each.name for each in found)
        require(len(found) == 1, f"There is more than one {program}: {names}.")
        return found[0]

    def _unscraped(self, found: ScrapeTargets) -> str:
        """Say which backend pods are not scraped successfully; empty if all are."""
        name = found.endpoint.name
        if found.refused:
            return f"{name} does not return its scrape targets: {found.refused}"
        pods = [pod for pod in self._pods(self.system.workloads.backend) if pod.serving]
        faults = [fault for pod in pods if (fault := _scrape_fault(pod, found.targets))]
        if not pods:
            return "no backend pod is ready, so none can be scraped"
        return f"{name}: {'; '.join(faults)}" if faults else ""


def _scrape_fault(pod: PodFacts, targets: tuple[ScrapeTarget, ...]) -> str | None:
    own = [each for each in targets if each.address == pod.address and each.job != PROBES]
    if not own:
        return f"{pod.name} is not scraped"
    if any(each.up for each in own):
        return None
    return f"{pod.name} is {own[0].health}: {own[0].error or 'no reason was given'}"
