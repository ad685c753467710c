from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.domains.workloads import crashes
from acceptance.domains.workloads.crashes import CrashOperator
from acceptance.drivers import database
from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.kubernetes.facts import WorkloadFacts
from acceptance.errors import SystemFailure
from acceptance.judgement import Unverifiable
from acceptance.settings import Timeouts
from acceptance.waiting import DeadlineExceeded
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

LIMITS = Timeouts(recovery=0.3, readiness_change=0.1)


def pod(uid: str) -> dict[str, Any]:
    """Return a ready pod as the API sends it, with one running container."""
    return {
        "metadata": {"name": f"pod-{uid}", "uid": uid},
        "spec": {"containers": [{"name": "main"}]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [
                {"name": "main", "containerID": f"containerd://{uid}", "state": {"running": {}}}
            ],
        },
    }


class Cluster:
    """Workloads of one pod each; a pod that is deleted is replaced at once."""

    def __init__(self) -> None:
        """Have a first pod."""
        self.found = [pod("old")]
        self.deleted: list[tuple[str, int | None]] = []

    def pods(self, _: str, workload: str) -> tuple[Any, ...]:
        """Return the pods as facts."""
        return tuple(reading.pod(each, workload) for each in self.found)

    def pod_objects(self, _: str, __: str) -> list[dict[str, Any]]:
        """Return the pods as the API sends them, and another one."""
        return [*self.found, pod("other")]

    def workloads(self, _: str) -> tuple[WorkloadFacts, ...]:
        """Return workloads at full strength."""
        return tuple(
            WorkloadFacts("Deployment", name, 1, 1, 1, observed=True) for name in SYSTEM.names
        )

    def delete(self, path: str, *, grace: int | None = None) -> None:
        """Replace the pod."""
        self.deleted.append((path.rpartition("/")[2], grace))
        self.found = [pod("new")]

    def watch(self, _: str) -> AbstractContextManager[Any]:
        """Return a watch that wakes soon."""
        return nullcontext(SimpleNamespace(wait=lambda _: True))


def operator_on(cluster: Cluster, *, inside: tuple[str, ...] = ()) -> Any:  # noqa: ANN401
    """Return an operator of a system whose node can be entered by a command, or not."""
    system = replace(SYSTEM, inside=inside)
    return CrashOperator(context_of(system, cluster, timeouts=LIMITS))


def test_a_pod_is_killed_and_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only its own containers get the signal, before the pod is deleted."""
    killed: list[Any] = []

    def kill(_: object, ids: list[str], *, timeout: float) -> None:
        assert timeout > 0
        killed.extend(ids)

    monkeypatch.setattr(crashes, "kill_containers", kill)
    cluster = Cluster()
    found = operator_on(cluster, inside=("into",)).kill_pod("backend")
    assert (found.lost.uid, found.found.uid) == ("old", "new")
    assert (killed, cluster.deleted) == (["old"], [("pod-old", 0)])


def test_without_a_way_into_the_node_the_pod_is_only_deleted() -> None:
    """The cluster's own way without a grace period is left."""
    cluster = Cluster()
    operator_on(cluster).kill_pod("backend")
    assert cluster.deleted == [("pod-old", 0)]


def test_a_pod_that_cannot_be_killed_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may run on another node than the one that the suite can enter."""

    def refuse(*_: object, **__: object) -> None:
        raise Refused("the node has no process of the container")

    monkeypatch.setattr(crashes, "kill_containers", refuse)
    with pytest.raises(Unverifiable, match="The pod pod-old cannot be killed: the node has no"):
        operator_on(Cluster(), inside=("into",)).kill_pod("backend")


def test_the_database_pod_is_lost_in_the_middle_of_its_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its processes are stopped first, and its volume is never used by two pods."""
    frozen: list[str] = []

    def freeze(*where: object, timeout: float) -> None:
        assert timeout > 0
        frozen.append(str(where[3]))

    monkeypatch.setattr(database, "freeze_servers", freeze)
    cluster = Cluster()
    found = operator_on(cluster).crash_database_pod()
    assert found.found.uid == "new"
    assert (frozen, cluster.deleted) == (["pod-old"], [("pod-old", 1)])


def test_a_killed_server_is_waited_for_and_its_pod_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is back when it runs since another time; no restart is left for other scenarios."""
    answers = iter(["monday", "", "monday", "tuesday"])

    def ask(*_: object, **__: object) -> tuple[str]:
        found = next(answers)
        if not found:
            raise SystemFailure("it is away")
        return (found,)

    monkeypatch.setattr(database, "kill_servers", lambda *_, **__: None)
    cluster = Cluster()
    operator = operator_on(cluster)
    operator._sql = ask
    operator.kill_database_server()
    assert not cluster.deleted
    operator.restore()
    assert cluster.deleted == [("pod-old", None)]


def test_a_server_that_does_not_come_back_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that was not killed at all."""
    monkeypatch.setattr(database, "kill_servers", lambda *_, **__: None)
    operator = operator_on(Cluster())
    operator._sql = lambda *_, **__: ("monday",)
    with pytest.raises(DeadlineExceeded, match=r"runs again after it was killed: .*since monday"):
        operator.kill_database_server()
