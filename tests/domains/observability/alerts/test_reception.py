from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.domains.observability.alerts.listener import AlertListener
from acceptance.domains.observability.drivers.alertmanager import Alertmanager, AlertReceivers
from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
from acceptance.domains.observability.drivers.program_pods import ProgramPods
from acceptance.drivers.http import Reply
from acceptance.settings import Timeouts
from tests.fakes.kubernetes_objects import FakeObjects
from tests.fakes.monitored_cluster import pod
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

_PATIENCE = Timeouts(observation=1, recovery=1)
_SIGN = {
    "receiver": "dead-mans-switch",
    "at": 100.0,
    "body": {
        "alerts": [
            {
                "status": "firing",
                "labels": {"alertname": "DeadMansSwitch"},
                "annotations": {},
                "startsAt": "",
            }
        ]
    },
}


def _receivers(manager: Alertmanager) -> AlertReceivers:
    return AlertReceivers(manager._endpoint, ("critical", "warning"), "")


class Cluster(FakeObjects):
    """A cluster in which every pod serves as soon as it is created."""

    def __init__(self) -> None:
        """Begin with nothing, and with no question asked."""
        super().__init__()
        self.asked: list[str] = []

    def create(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """Create an object; a pod runs at once."""
        made = super().create(path, body)
        if made is not None and path.endswith("/pods"):
            made["status"] = pod("receiver")["status"]
            made["metadata"] |= {"uid": "1", "namespace": "somewhere"}
        return made

    def patch(self, path: str, change: dict[str, Any]) -> dict[str, Any]:
        """Change an object, whatever its version is."""
        self.objects[path.rpartition("/")[2]] |= change
        return self.objects[path.rpartition("/")[2]]

    def delete(self, path: str, **_: object) -> None:
        """Delete an object if it is there."""
        self.objects.pop(path.rpartition("/")[2], None)

    def send(self, method: str, path: str, **_: object) -> Reply:
        """No program answers but the receiver."""
        return Reply(404, (), "", 0.0, request=f"{method} {path}")

    def ask_pod(self, namespace: str, name: str, port: int, path: str) -> Reply:
        """The receiver's answer: it hears the switch."""
        self.asked.append(f"{namespace}/{name}:{port}{path}")
        body = {"now": 100.0, "kept": [_SIGN], "alarms": []}
        return Reply(200, (), json.dumps(body), 0.0)


class Listener(AlertListener):
    """Counts how often Alertmanager is started anew."""

    restarts = 0

    def _alertmanager_endpoint(self) -> MonitoringEndpoint:
        return MonitoringEndpoint("alertmanager", "monitoring/alertmanager", "/a")

    def _restart_alertmanager(self) -> None:
        self.restarts += 1

    def _backend_image(self) -> str:
        return "an-image"


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """A cluster whose Alertmanager has two receivers and serves."""
    monkeypatch.setattr(Alertmanager, "receivers", _receivers)
    monkeypatch.setattr(ProgramPods, "list", lambda _: (SimpleNamespace(serving=True),))
    return Cluster()


def _listen(cluster: Cluster) -> tuple[Listener, str, float]:
    listener = Listener(context_of(SYSTEM, cluster, timeouts=_PATIENCE))
    reception = listener.receive_alerts()
    listener.received(reception)
    listener.restore()
    return listener, reception.namespace, reception.since


def test_the_receiver_of_a_run_stays_for_its_later_scenarios(cluster: Cluster) -> None:
    """Only the first one starts it, and Alertmanager with it; each has a namespace of its own."""
    first, where, since = _listen(cluster)
    second, elsewhere, _ = _listen(cluster)
    assert (first.restarts, second.restarts) == (1, 0)
    assert where != elsewhere
    assert where not in cluster.objects and elsewhere not in cluster.objects
    assert "receiver" in cluster.objects
    assert cluster.objects["default"]["automountServiceAccountToken"] is False
    assert since == 100.0
    assert cluster.asked[-1].endswith("/?since=100.0")


def test_a_receiver_that_is_gone_is_started_again(cluster: Cluster) -> None:
    """A scenario before may have removed it, so that nobody takes what is sent."""
    _listen(cluster)
    del cluster.objects["receiver"]
    listener, _, _ = _listen(cluster)
    assert "receiver" in cluster.objects
    assert listener.restarts == 0  # its address is the same here


def test_addresses_that_lead_elsewhere_are_written_anew(cluster: Cluster) -> None:
    """Alertmanager reads them at its start only."""
    _listen(cluster)
    cluster.objects["alertmanager-receivers"]["data"] = {"critical": "aHR0cDovL25vd2hlcmU="}
    listener, _, _ = _listen(cluster)
    assert listener.restarts == 1
    assert set(cluster.objects["alertmanager-receivers"]["data"]) == {"critical", "warning"}
