"""Has every alert sent to a receiver that the run starts, and reads what arrives there."""

from __future__ import annotations

import base64
import tempfile
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.observability.drivers import alertmanager, prometheus
from acceptance.domains.observability.drivers.alert_receiver import (
    DEAD_MANS_SWITCH,
    AlertReceiver,
    Received,
    ReceivedAlert,
)
from acceptance.domains.observability.drivers.alertmanager import Alertmanager
from acceptance.domains.observability.drivers.program_pods import ProgramPods
from acceptance.domains.observability.drivers.prometheus_rules import PrometheusRules
from acceptance.domains.observability.metrics.actor import MetricsOperator
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import require, unproven
from acceptance.runbooks.runner import open_shell
from acceptance.waiting import last_seen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack

    from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
    from acceptance.domains.observability.drivers.prometheus_rules import Rule
    from acceptance.runbooks.runner import RunbookShell

_ADDRESSES = "alertmanager-receivers"
"""The Secret from which Alertmanager reads the address of each receiver, by the receiver's name."""
OWN_ALERTS = "acceptance"
"""A label that the suite's own alerts have, and no others."""
_RECEIVER = "acceptance-receiver-"
"""How the name of the receiver's namespace begins; the run's id follows."""
_ANY_SECONDS = 60.0
T = TypeVar("T")

_RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


@dataclass(frozen=True)
class AlertReception:
    """The receiver of the run, which all receivers of Alertmanager lead to."""

    namespace: str
    """For what the scenario needs in the cluster; it is gone with the scenario."""
    since: float = 0.0
    """When the scenario began to listen, in seconds since 1970 by the receiver's clock."""


class AlertListener(MetricsOperator):
    """Starts the receiver, gives its address to Alertmanager, and reads what it has got."""

    def receive_alerts(self) -> AlertReception:
        """Have Alertmanager send everything to the receiver of the run.

        The first scenario of a run starts it, and it stays for the others. Raises `Unverifiable`
        if Alertmanager is not deployed, or the receiver cannot be started.
        """
        found = self._alertmanager_endpoint()
        manager = Alertmanager(self._cluster, found)
        # The scenario before may have started it anew.
        pods = ProgramPods(self._cluster, alertmanager.PROGRAMS)
        last_seen(
            pods.list,
            lambda pods: any(each.serving for each in pods),
            timeout=self._timeouts.recovery,
        )
        receivers = manager.receivers()
        require(not receivers.refused, f"{found.name} does not answer: {receivers.refused}.")
        namespace = f"acceptance-alerts-{self.system.run}-{uuid.uuid4().hex[:6]}"
        try:
            self._create_namespace(namespace)
            receiver = self._start_receiver(_interval_of_switch(manager))
            addresses = {name: f"{receiver.address}/{name}" for name in receivers.receivers}
            if addresses != self._addresses(found.namespace):
                self._give_addresses(found.namespace, addresses)
                self._restart_alertmanager()
            since = receiver.read().now
        except Refused as error:
            raise unproven(f"The run cannot start a receiver of alerts: {error}.", error) from error
        # Whatever arrives first shows that all is in place; whether it does is judged later.
        last_seen(
            lambda: receiver.read(since),
            lambda read: bool(read.alerts),
            timeout=self._timeouts.observation,
        )
        return AlertReception(namespace, since)

    def received(self, reception: AlertReception) -> Received:
        """Return what has arrived since; raises what `unproven` returns if it is silent.

        It is asked again for a while: on a busy machine one answer of many may be missing.
        """

        def read() -> Received | Refused:
            try:
                return self.receiver().read(reception.since)
            except Refused as error:
                return error

        found = last_seen(
            read, lambda found: isinstance(found, Received), timeout=self._timeouts.request
        )
        if isinstance(found, Refused):
            raise unproven(f"It is unknown what has arrived: {found}.", found) from found
        return found

    def receiver(self) -> AlertReceiver:
        """Return the receiver of the run, which need not run yet."""
        return AlertReceiver(self._cluster, f"{_RECEIVER}{self.system.run}")

    def rules(self) -> PrometheusRules:
        """Return the client of the rules of the one Prometheus."""
        endpoint = self._one_endpoint(prometheus.PROGRAMS, "monitoring", "Prometheus")
        return PrometheusRules(self._cluster, endpoint)

    def read_by(self, rule: Rule, seconds: float) -> str:
        """Return the samples that a rule has read, so that a person sees why it fires or does not.

        All of them are kept as evidence.
        """
        lines = []
        with suppress(Refused):
            for selector in self.rules().selectors(rule.query):
                for series in self.prometheus().history(selector, seconds):
                    values = " ".join(f"{value:g}" for _, value in series.results)
                    lines.append(f"{dict(series.labels)} {values}")
        self._keep(f"What {rule.name} has read", "\n".join([rule.query, *lines]), "text")
        return "; ".join(lines) or "nothing"

    def alertmanager(self) -> Alertmanager:
        """Return the client of the one Alertmanager."""
        return Alertmanager(self._cluster, self._alertmanager_endpoint())

    def keep_received(self, title: str, found: tuple[ReceivedAlert, ...]) -> None:
        """Keep what arrived as evidence."""
        self._keep(title, pretty([asdict(each) for each in found]))

    def _alertmanager_endpoint(self) -> MonitoringEndpoint:
        return self._one_endpoint(alertmanager.PROGRAMS, "alerting", "Alertmanager")

    def _create_namespace(self, name: str, *, stays: bool = False) -> None:
        """Create a namespace, which goes with the scenario unless it `stays` for the run."""
        if not stays:
            self._undo.callback(self._cluster.delete, api_path("namespaces", name=name))
        labels = {RUN_LABEL: self.system.run, **_RESTRICTED}
        metadata = {"name": name, "labels": labels}
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        self._cluster.create(api_path("namespaces"), body)

    def _start_receiver(self, interval: float) -> AlertReceiver:
        """Return the receiver once it serves; it is started if it does not run."""
        receiver = self.receiver()
        if not receiver.runs:
            receiver.remove()
            self._create_namespace(f"{_RECEIVER}{self.system.run}", stays=True)
            receiver.start(self._backend_image(), interval, {RUN_LABEL: self.system.run})
        self._awaited(lambda: receiver.address, bool, "the receiver of alerts runs")
        return receiver

    def _addresses(self, namespace: str) -> dict[str, str]:
        """Return the address of each receiver where Alertmanager reads it."""
        found = self._cluster.read(api_path("secrets", namespace, _ADDRESSES)) or {}
        data = found.get("data") or {}
        return {name: base64.b64decode(each).decode() for name, each in data.items()}

    def _give_addresses(self, namespace: str, addresses: Mapping[str, str]) -> None:
        """Write the address of each receiver where Alertmanager reads it."""
        data = {n: base64.b64encode(each.encode()).decode() for n, each in addresses.items()}
        self._cluster.delete(api_path("secrets", namespace, _ADDRESSES))
        metadata = {"name": _ADDRESSES}
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}
        self._cluster.create(api_path("secrets", namespace), body)

    def _restart_alertmanager(self) -> None:
        """Start Alertmanager anew, because it sees a new Secret at once only then."""
        pods = ProgramPods(self._cluster, alertmanager.PROGRAMS)
        before = {pod.uid for pod in pods.kill()}
        self._awaited(
            pods.list,
            lambda found: bool(found) and all(p.serving and p.uid not in before for p in found),
            "Alertmanager runs again",
        )

    def _stop_program(self, programs: tuple[str, ...], repaired: ExitStack) -> None:
        """Leave no pod of a program; closing `repaired` gives it one again, and waits for it."""
        pods = ProgramPods(self._cluster, programs)
        pods.scale(0)
        repaired.callback(
            self._awaited,
            pods.list,
            lambda found: any(each.serving for each in found),
            "it runs again",
        )
        repaired.callback(pods.scale, 1)
        self._awaited(pods.list, lambda found: not found, "its pods have ended")

    def _shell(self, variables: dict[str, str]) -> RunbookShell:
        """Open a shell in an empty folder for the commands of a page, until the scenario ends."""
        system = self.system
        scratch = Path(self._undo.enter_context(tempfile.TemporaryDirectory(prefix="page-")))
        return open_shell(
            Path(system.kubeconfig),
            system.context,
            scratch,
            scratch,
            variables,
            timeout=self._timeouts.procedure,
            kubectl_timeout=self._timeouts.command,
        )


def _interval_of_switch(manager: Alertmanager) -> float:
    """Return how often the dead man's switch is to be heard; where it has no route, any time."""
    try:
        return manager.times(DEAD_MANS_SWITCH).interval
    except Refused:
        return _ANY_SECONDS
