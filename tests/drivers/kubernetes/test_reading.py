from __future__ import annotations

from typing import Any

import pytest

from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.client import Kubernetes, Refused
from acceptance.drivers.kubernetes.paths import api_path
from tests.fakes.monitored_cluster import MonitoredCluster

PROXY = {"name": "proxy", "ports": [{"name": "http-metrics", "containerPort": 9}]}
WEB = {"name": "web", "ports": [{"name": "http", "containerPort": 8000}]}
BARE = {"name": "logs"}


def pod(*containers: dict[str, Any], annotation: str = "") -> dict[str, Any]:
    """Return a pod with these containers, one of which may be annotated as the default one."""
    annotations = {"kubectl.kubernetes.io/default-container": annotation} if annotation else {}
    return {
        "metadata": {"name": "shop-1", "uid": "1", "annotations": annotations},
        "spec": {"containers": list(containers), "initContainers": [{"name": "prepare"}]},
    }


@pytest.mark.parametrize(
    ("found", "workload", "name"),
    [
        (pod(WEB), "shop", "web"),
        (pod(PROXY, WEB), "shop", "web"),
        (pod(BARE, WEB), "shop", "web"),
        (pod(WEB, PROXY), "proxy", "proxy"),
        (pod(PROXY, WEB, BARE, annotation="logs"), "web", "logs"),
        (pod(PROXY, WEB, annotation="gone"), "", "web"),
        (pod(BARE, PROXY), "shop", "logs"),
    ],
)
def test_a_sidecar_may_come_first(found: dict[str, Any], workload: str, name: str) -> None:
    """The container that does the work is found by annotation, name and ports, not by its place."""
    assert reading.pod(found, workload).main.name == name
    assert (reading.main_container(found, workload) or {})["name"] == name


def test_a_pod_without_a_container_has_none_that_works() -> None:
    """There is nothing to choose from."""
    assert reading.main_container({"metadata": {}, "spec": {}}) is None


class Serving(Kubernetes):
    """A Service with these ports, and one pod."""

    def __init__(self, *ports: dict[str, Any]) -> None:
        """Connect to nothing."""
        service = {"metadata": {"name": "shop"}, "spec": {"ports": list(ports)}}
        self._known = MonitoredCluster([], {api_path("services", "here", "shop"): service})

    def send(self, method: str, path: str, *_: Any, **__: Any) -> Any:  # noqa: ANN401
        """Return the Service."""
        return self._known.send(method, path, query={})

    def pod_objects(self, *_: Any) -> list[Any]:  # noqa: ANN401
        """Return the pod."""
        return [pod(PROXY, WEB)]


METRICS = {"name": "metrics", "port": 9100, "targetPort": 9100}
HTTP = {"name": "http", "port": 80, "targetPort": "http"}


@pytest.mark.parametrize(
    ("ports", "number"),
    [
        ([METRICS, HTTP], 8000),
        ([HTTP, METRICS], 8000),
        ([METRICS], 9100),
        ([{"port": 5432}], 5432),
    ],
)
def test_visitors_never_come_to_a_port_for_metrics(
    ports: list[dict[str, Any]], number: int
) -> None:
    """The first port of a Service may be the one for metrics."""
    assert Serving(*ports).container_port("here", "shop") == number


def test_a_service_that_leads_nowhere_is_refused() -> None:
    """No container has the port that its Service names."""
    with pytest.raises(Refused, match="no container of shop has the port gone"):
        Serving(METRICS, {"name": "http", "port": 80, "targetPort": "gone"}).container_port(
            "here", "shop"
        )


def test_why_a_pod_is_not_scheduled_is_in_the_schedulers_words() -> None:
    """Only while it is not; a pod that waits for something else has no such words."""
    said = "0/1 nodes are available: 1 Insufficient memory."
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    for conditions, words in (
        ([{**condition, "message": said}], said),
        ([condition], "Unschedulable"),
        ([{**condition, "reason": "SchedulingGated", "message": said}], ""),
        ([{"type": "PodScheduled", "status": "True"}], ""),
    ):
        found = {
            "metadata": {"name": "a", "uid": "u"},
            "spec": {"containers": []},
            "status": {"conditions": conditions},
        }
        assert reading.pod(found).unschedulable == words
