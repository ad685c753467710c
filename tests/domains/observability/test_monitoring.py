from __future__ import annotations

from typing import Any

import pytest

from acceptance.domains.observability import MonitoringOperator
from acceptance.drivers.kubernetes.client import Inaccessible
from acceptance.judgement import Unverifiable
from acceptance.settings import Timeouts
from tests.fakes.monitored_cluster import MonitoredCluster, pod
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

PATIENCE = Timeouts(observation=0.01)
SERVICE: dict[str, Any] = {
    "metadata": {
        "name": "it",
        "namespace": "monitoring",
        "labels": {"app.kubernetes.io/name": "prometheus"},
    },
    "spec": {"ports": [{"name": "grpc", "port": 1}, {"name": "http", "port": 9090}]},
}
PROXY = "/api/v1/namespaces/monitoring/services/it:9090/proxy"


def store(program: str) -> dict[str, Any]:
    """The Service of a log store."""
    return {
        **SERVICE,
        "metadata": {**SERVICE["metadata"], "labels": {"app.kubernetes.io/name": program}},
    }


def monitoring(answers: dict[str, object]) -> MonitoringOperator:
    """The operator of a cluster with one backend pod and these answers."""
    cluster = MonitoredCluster([pod("backend")], answers)
    return MonitoringOperator(context_of(SYSTEM, cluster, timeouts=PATIENCE))


def targets(address: str, health: str) -> dict[str, Any]:
    """What Prometheus answers about its targets."""
    target = {"scrapeUrl": f"http://{address}:8000/metrics", "health": health, "lastError": "late"}
    return {"status": "success", "data": {"activeTargets": [target]}}


def test_no_monitoring_is_unverifiable() -> None:
    """Where nothing is deployed, nothing is known."""
    with pytest.raises(Unverifiable, match="No monitoring is deployed"):
        monitoring({}).read_scrape_targets()
    with pytest.raises(Unverifiable, match="No log store is deployed"):
        monitoring({}).search_logs("request-1")


def test_forbidden_is_not_absent() -> None:
    """Where nobody may look, nothing is known either, for another reason."""
    with pytest.raises(Unverifiable, match="unknown whether a monitoring is deployed: you may not"):
        monitoring({"/api/v1/services": Inaccessible("you may not")}).read_scrape_targets()


def test_a_prometheus_that_scrapes_every_backend_pod_passes() -> None:
    """Targets are matched by the pods' addresses, whatever their labels are."""
    actor = monitoring({"/api/v1/services": [SERVICE], PROXY: targets("10.0.0.1", "up")})
    actor.assert_backend_scraped(actor.read_scrape_targets())


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": "success", "data": {"activeTargets": []}}, "backend-1 is not scraped"),
        (targets("10.0.0.2", "up"), "backend-1 is not scraped"),
        (targets("10.0.0.1", "down"), "backend-1 is down: late"),
        ({"status": "error"}, "does not return its scrape targets"),
        (None, "does not return its scrape targets: .*no endpoints available"),
    ],
)
def test_a_prometheus_that_does_not_scrape_is_detected(answer: object, said: str) -> None:
    """A label alone proves nothing."""
    actor = monitoring({"/api/v1/services": [SERVICE], PROXY: answer})
    with pytest.raises(AssertionError, match=said):
        actor.assert_backend_scraped(actor.read_scrape_targets())


def test_a_pod_without_a_service_is_asked_itself() -> None:
    """Some charts give the label to the pods only."""
    lone = pod("prometheus")
    lone["spec"]["containers"][0]["ports"] = [{"name": "web", "containerPort": 9090}]
    path = "/api/v1/namespaces/somewhere/pods/prometheus-1:9090/proxy"
    actor = monitoring({"/api/v1/pods": [lone], path: targets("10.0.0.1", "up")})
    actor.assert_backend_scraped(actor.read_scrape_targets())


@pytest.mark.parametrize(
    ("program", "answer"),
    [
        ("opensearch", {"hits": {"total": {"value": 1}}}),
        ("elasticsearch", {"hits": {"total": 2}}),
        ("loki", {"data": {"result": [{"values": []}]}}),
    ],
)
def test_a_log_store_that_has_the_request_passes(program: str, answer: object) -> None:
    """Each of them answers in its own format."""
    actor = monitoring({"/api/v1/services": [store(program)], PROXY: answer})
    actor.assert_request_logged(actor.search_logs("request-1"))


@pytest.mark.parametrize(
    ("program", "answer", "said"),
    [
        ("opensearch", {"hits": {"total": {"value": 0}}}, "has no line of the request"),
        ("loki", {"data": {"result": []}}, "has no line of the request"),
        ("loki", {"hits": {"total": 1}}, "did not answer the search"),
        ("elasticsearch", None, "did not answer the search: .*no endpoints"),
    ],
)
def test_a_log_store_without_the_request_is_detected(
    program: str, answer: object, said: str
) -> None:
    """An answer of another shape is none."""
    actor = monitoring({"/api/v1/services": [store(program)], PROXY: answer})
    with pytest.raises(AssertionError, match=said):
        actor.assert_request_logged(actor.search_logs("request-1"))
