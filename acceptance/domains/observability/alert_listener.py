"""Has every alert sent to a receiver that the run starts, and reads what arrives there."""

from __future__ import annotations

import base64
import tempfile
import uuid
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
from acceptance.domains.observability.metrics import MetricsOperator
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import Unverifiable, require, unproven
from acceptance.runbooks.runner import open_shell
from acceptance.waiting import DeadlineExceeded, eventually, last_seen

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack

    from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
    from acceptance.runbooks.runner import RunbookShell

_ADDRESSES = "alertmanager-receivers"
"""The Secret from which Alertmanager reads the address of each receiver, by the receiver's name."""
OWN_ALERTS = "acceptance"
"""A label that the suite's own alerts have, and no others."""
_NAMESPACES = "acceptance-alerts-"
"""How the name of each receiver's namespace begins."""
_ANY_SECONDS = 60.0
T = TypeVar("T")

_RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


@dataclass(frozen=True)
class AlertReception:
    """The receiver of the run, which all receivers of Alertmanager lead to."""

    namespace: str


class AlertListener(MetricsOperator):
    """Starts the receiver, gives its address to Alertmanager, and reads what it has got."""

    def receive_alerts(self) -> AlertReception:
        """Start a receiver, and have Alertmanager send everything to it.

        Raises `Unverifiable` if Alertmanager is not deployed, or the receiver cannot be started.
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
        namespace = f"{_NAMESPACES}{self.system.run}-{uuid.uuid4().hex[:6]}"
        receiver = AlertReceiver(self._cluster, namespace)
        try:
            self._create_namespace(namespace)
            interval = _interval_of_switch(manager)
            receiver.start(self._backend_image(), interval, {RUN_LABEL: self.system.run})
            address = self._awaited(lambda: receiver.address, bool, "the receiver of alerts runs")
            self._give_address(found.name.partition("/")[0], address, receivers.receivers)
        except Refused as error:
            raise unproven(f"The run cannot start a receiver of alerts: {error}.", error) from error
        self._restart_alertmanager()
        self._undo.callback(self._await_ends, namespace)
        # Whatever arrives first shows that all is in place; whether it does is judged later.
        last_seen(receiver.read, lambda read: bool(read.alerts), timeout=self._timeouts.observation)
        return AlertReception(namespace)

    def received(self, reception: AlertReception) -> Received:
        """Return all that has arrived; raises what `unproven` returns if the receiver is silent."""
        try:
            return AlertReceiver(self._cluster, reception.namespace).read()
        except Refused as error:
            raise unproven(f"It is unknown what has arrived: {error}.", error) from error

    def rules(self) -> PrometheusRules:
        """Return the client of the rules of the one Prometheus."""
        endpoint = self._one_endpoint(prometheus.PROGRAMS, "monitoring", "Prometheus")
        return PrometheusRules(self._cluster, endpoint)

    def alertmanager(self) -> Alertmanager:
        """Return the client of the one Alertmanager."""
        return Alertmanager(self._cluster, self._alertmanager_endpoint())

    def keep_received(self, title: str, found: tuple[ReceivedAlert, ...]) -> None:
        """Keep what arrived as evidence."""
        self._keep(title, pretty([asdict(each) for each in found]))

    def _alertmanager_endpoint(self) -> MonitoringEndpoint:
        return self._one_endpoint(alertmanager.PROGRAMS, "alerting", "Alertmanager")

    def _create_namespace(self, name: str) -> None:
        labels = {RUN_LABEL: self.system.run, **_RESTRICTED}
        self._undo.callback(self._cluster.delete, api_path("namespaces", name=name))
        metadata = {"name": name, "labels": labels}
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        self._cluster.create(api_path("namespaces"), body)

    def _give_address(self, namespace: str, address: str, receivers: tuple[str, ...]) -> None:
        """Write the address of each receiver where Alertmanager reads it."""
        path = api_path("secrets", namespace, _ADDRESSES)
        before = self._cluster.read(path)
        self._undo.callback(self._restart_alertmanager)
        self._undo.callback(self._restore_secret, namespace, (before or {}).get("data"))
        addresses = {name: f"{address}/{name}" for name in receivers}
        self._write_secret(
            namespace,
            {name: base64.b64encode(each.encode()).decode() for name, each in addresses.items()},
        )

    def _write_secret(self, namespace: str, data: dict[str, str]) -> None:
        path = api_path("secrets", namespace, _ADDRESSES)
        self._cluster.delete(path)
        body = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": _ADDRESSES},
            "data": data,
        }
        self._cluster.create(api_path("secrets", namespace), body)

    def _restore_secret(self, namespace: str, data: dict[str, str] | None) -> None:
        if data is None:
            self._cluster.delete(api_path("secrets", namespace, _ADDRESSES))
        else:
            self._write_secret(namespace, data)

    def _await_ends(self, namespace: str) -> None:
        """Wait until the receiver was told the end of what it was told, or until the deadline.

        Alertmanager would take an alert whose end it could not tell for one that fires still, and
        not tell the next receiver when it fires again. What fires for longer has its end told to
        that one: Prometheus sends the end of an alert for 15 minutes.
        """

        def look() -> bool:
            try:
                return has_heard_all(AlertReceiver(self._cluster, namespace).read())
            except Refused:
                return True

        last_seen(look, bool, timeout=self._timeouts.request)

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

    def _awaited(self, look: Callable[[], T], ready: Callable[[T], bool], what: str) -> T:
        """Wait for what a check needs; raises `Unverifiable` if it does not come."""
        try:
            return eventually(look, ready, timeout=self._timeouts.recovery, what=what)
        except DeadlineExceeded as error:
            raise Unverifiable(str(error)) from error


def has_heard_all(received: Received) -> bool:
    """Whether every alert has ended that was told, but for those that cannot come again.

    These are the switch, which never ends, and alerts of the suite or about a receiver's namespace.
    """
    last = {(each.receiver, each.labels): each.status for each in received.alerts}
    return not any(
        status == "firing"
        and receiver != DEAD_MANS_SWITCH
        and not any(name == OWN_ALERTS or _NAMESPACES in value for name, value in labels)
        for (receiver, labels), status in last.items()
    )


def _interval_of_switch(manager: Alertmanager) -> float:
    """Return how often the dead man's switch is to be heard; where it has no route, any time."""
    try:
        return manager.times(DEAD_MANS_SWITCH).interval
    except Refused:
        return _ANY_SECONDS
