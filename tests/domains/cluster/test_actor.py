from __future__ import annotations

import pytest

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.drivers import container_inspection
from acceptance.errors import EnvironmentFailure, SystemFailure
from acceptance.judgement import Unverifiable
from tests.fakes.monitored_cluster import MonitoredCluster, pod
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of


@pytest.fixture
def actor() -> ClusterActor:
    """An actor on a cluster without a pod."""
    return ClusterActor(context_of(SYSTEM, MonitoredCluster([], {})))


def test_a_workload_without_a_pod_is_a_failed_check(actor: ClusterActor) -> None:
    """A database that is not ready and a backend that does not run are the system's."""
    with pytest.raises(AssertionError, match="No database pod is ready"):
        actor._sql("SELECT 1")
    with pytest.raises(AssertionError, match="The backend has no pod"):
        actor._backend_image()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (EnvironmentFailure("there is no sh in this image"), Unverifiable),
        (SystemFailure("container not found"), SystemFailure),
    ],
)
def test_an_inspection_that_fails_is_blamed_on_who_caused_it(
    monkeypatch: pytest.MonkeyPatch,
    actor: ClusterActor,
    error: Exception,
    kind: type[Exception],
) -> None:
    """An image without a shell leaves it unverified; a container that is gone does not."""

    def inspect(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(container_inspection, "inspect_container", inspect)
    with pytest.raises(kind):
        actor._inspect("backend-1", "backend")


def test_a_command_runs_in_the_container_that_does_the_work() -> None:
    """Not in the first one, and not in one that has to be called as the workload."""
    found = pod("backend")
    found["spec"]["containers"] = [
        {"name": "proxy", "image": "b", "ports": [{"name": "metrics", "containerPort": 9}]},
        {"name": "api", "image": "a", "ports": [{"name": "http", "containerPort": 8000}]},
    ]
    actor = ClusterActor(context_of(SYSTEM, MonitoredCluster([found], {})))
    assert actor._backend_image() == "a"
    assert actor._main_container("backend", "backend-1") == "api"
    assert actor._main_container("backend", "gone") == "backend"
