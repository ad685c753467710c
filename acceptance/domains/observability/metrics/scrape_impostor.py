"""Puts an impostor beside a program with metrics, and looks at what Prometheus asks it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.observability.drivers.endpoints import LABEL
from acceptance.domains.observability.drivers.impostor import Impostor, ImpostorLog
from acceptance.domains.observability.drivers.prometheus import PROBES
from acceptance.domains.observability.metrics.actor import MetricsOperator
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.connection import object_of
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import Unverifiable, require
from acceptance.waiting import last_seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.domains.observability.drivers.prometheus import ScrapeTarget

# Not one whose pods a DaemonSet owns: it would take the impostor for a pod of its own, and end it.
_PROGRAMS = ("alertmanager",)
_PORT = 9093
_ATTEMPTS = 3
_KNOWN = ("up", "down")


@dataclass(frozen=True)
class ScrapedImpostor:
    """What an impostor got of Prometheus, and what Prometheus says of it."""

    impostor: ImpostorLog
    health: str
    """Of the target: up, down, or empty if Prometheus does not know it."""
    error: str


class ScrapeImpostorTester(MetricsOperator):
    """Has Prometheus discover an impostor, which looks like an Alertmanager."""

    def start_impostor(self) -> None:
        """Start an impostor that serves everybody who does not verify its certificate.

        Raises `Unverifiable` if there is no Alertmanager, or the impostor does not serve.
        """
        endpoint = self._one_endpoint(_PROGRAMS, "Alertmanager", "Alertmanager")
        require(
            endpoint.secure, f"{endpoint.name} serves plain HTTP: everybody can take its place."
        )
        path = api_path("services", endpoint.namespace, endpoint.service)
        labels = {LABEL: endpoint.program, RUN_LABEL: self.system.run}
        self._impostor = Impostor(self._cluster, object_of(self._cluster.ask(path)), labels)
        self._undo.callback(self._impostor.delete)
        self._impostor.start(self._backend_image(), {"https": _PORT})
        self._require_soon(self._impostor.ready, "The impostor does not serve.")
        # Prometheus would get the same if it did not look.
        if problem := self._impostor.problem():
            raise Unverifiable(f"The impostor does not serve: {problem}.")

    def watch_impostor(self) -> ScrapedImpostor:
        """Wait until Prometheus has tried to scrape the impostor some times.

        Raises `Unverifiable` if it has not.
        """
        impostor, client = self._impostor, self.prometheus()

        def own() -> ScrapeTarget | None:
            scraped = (e for e in client.targets().targets if e.job != PROBES)
            return next((e for e in scraped if e.label("pod") == impostor.name), None)

        def tried() -> bool:
            # Whoever probes the impostor tries it too.
            target = own()
            known = target is not None and target.health in _KNOWN
            return known and impostor.log().attempts >= _ATTEMPTS

        self._require_soon(tried, "Prometheus has not tried to scrape the impostor.")
        target = own()
        health, error = (target.health, target.error) if target else ("", "")
        found = ScrapedImpostor(impostor.log(), health, error)
        impostor.delete()
        self._keep("What the impostor got", pretty(asdict(found)))
        return found

    def assert_nothing_asked(self, found: ScrapedImpostor) -> None:
        """Prometheus has ended each handshake with the impostor, and asked it nothing."""
        got = found.impostor.requests
        require(not got, f"Prometheus has sent an impostor {len(got)} requests.")
        require(found.impostor.refused, "Prometheus has not tried to reach the impostor.")

    def assert_reported_down(self, found: ScrapedImpostor) -> None:
        """Prometheus says that the impostor's certificate is why it is down."""
        require(
            found.health == "down" and "certificate" in found.error,
            f"Prometheus does not say that the impostor has a wrong certificate: it is "
            f"{found.health or 'unknown'}, {found.error or 'without an error'}.",
        )

    def _require_soon(self, holds: Callable[[], bool], otherwise: str) -> None:
        if not last_seen(holds, bool, timeout=self._timeouts.recovery):
            raise Unverifiable(otherwise)
