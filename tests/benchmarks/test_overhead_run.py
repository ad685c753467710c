from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from acceptance.drivers.http import Reply
from acceptance.errors import EnvironmentFailure
from acceptance.process import Completed
from acceptance.project import ROOT
from acceptance.settings import Timeouts
from benchmarks import overhead as measured
from tests.fakes.system import SYSTEM

_COST = {"bare": 1.0, "metrics": 1.1, "logs": 1.2, "traces": 1.3, "all": 1.6}
"""How much slower each backend is here."""


class FakeCluster:
    """A cluster on which every backend starts, and sends what is switched on in it."""

    def __init__(self) -> None:
        """Begin without backends."""
        self.clones: dict[str, Mapping[str, Any]] = {}
        self.page = "http_requests_total{} 1"

    def read(self, _: str) -> dict[str, Any]:
        """Return the deployed backend."""
        text = (ROOT / "manifests/base/backend.yaml").read_text(encoding="utf-8")
        return next(each for each in yaml.safe_load_all(text) if each["kind"] == "Deployment")

    def container_port(self, *_: str) -> int:
        """Return the backend's port."""
        return 8000

    def create(self, _: str, body: Mapping[str, Any]) -> None:
        """Start a backend."""
        self.clones[body["metadata"]["name"]] = body

    def delete(self, path: str) -> None:
        """Remove a backend, which must be there."""
        del self.clones[path.rpartition("/")[2]]

    def items(self, _: str, *, labelSelector: str) -> list[dict[str, Any]]:  # noqa: N803
        """Return the pod of a backend."""
        name = labelSelector.rpartition("=")[2]
        status = {"podIP": "10.0.0.1", "containerStatuses": [{"containerID": f"c://{name}"}]}
        return [{"metadata": {"name": name}, "status": status}]

    def ask_pod(self, _: str, pod: str, *__: object) -> Reply:
        """Return the page for Prometheus."""
        return Reply(200, (), self.page if pod in {"metrics", "all"} else "", 0.0)

    def log(self, _: str, pod: str, *__: str, lines: int) -> str:
        """Return the end of the log."""
        return '{"event": "request"}' * lines if pod in {"logs", "all"} else ""


class FakeUsage:
    """The accounts of a container, which uses more at each look."""

    def __init__(self, container: str) -> None:
        """Use as much as the backend of that name costs."""
        self._step, self._spent = _COST[container], 0.0

    def cpu_seconds(self) -> float:
        """Return what was spent until now."""
        self._spent += self._step
        return self._spent

    def working_set(self) -> int:
        """Return 64 MiB."""
        return 64 * 2**20


def _sent(*_: object, stdin: str, **__: object) -> Completed:
    names = json.loads(stdin)["backends"]
    seconds = {name: [_COST[name] / 100] * 10 for name in names}
    traced = ["traces", "all"]
    units = dict.fromkeys(names, 10)
    return Completed(json.dumps({"seconds": seconds, "units": units, "traced": traced}), "", 0.1)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    """A cluster that is only pretended, and no waiting."""
    monkeypatch.setattr(measured, "run", _sent)
    monkeypatch.setattr(measured, "usage_of", FakeUsage)
    monkeypatch.setattr(measured, "await_rollout", lambda *_, **__: None)
    monkeypatch.setattr(measured, "_SETTLE_SECONDS", 0.0)
    return FakeCluster()


def _overhead(cluster: FakeCluster) -> dict[tuple[str, str], float]:
    client: Any = cluster
    found = measured.overhead(client, SYSTEM, Timeouts(), rounds=3, seconds=1)
    return {(each.row, each.name): each.median for each in found}


def test_each_signal_is_compared_with_the_bare_backend(cluster: FakeCluster) -> None:
    """By latency and by processor time of each unit; nothing of it is left behind."""
    found = _overhead(cluster)
    for name in ("metrics", "logs", "traces", "all"):
        assert found["read a checkout: median latency", name] == pytest.approx(_COST[name])
        assert found["read a checkout: processor time", name] == pytest.approx(_COST[name])
    assert found["read a checkout: median latency", "bare"] == pytest.approx(10)
    assert found["read a checkout: processor time", "bare"] == pytest.approx(100)
    assert not cluster.clones


def test_a_backend_that_sends_something_else_is_no_measurement(cluster: FakeCluster) -> None:
    """As where the collector is away, or a switch is not heeded: nothing is reported."""
    cluster.page = ""
    wanted = "metrics sent nothing and had to send metrics"
    with pytest.raises(EnvironmentFailure, match=wanted):
        _overhead(cluster)
    assert not cluster.clones
