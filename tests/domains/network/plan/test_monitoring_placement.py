from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from acceptance.domains.network.drivers import Probe, probe_pod
from acceptance.domains.network.plan.monitoring_placement import (
    is_needed,
    monitoring_places,
    needed_programs,
    placements_of_monitoring,
)
from acceptance.drivers.kubernetes.network_policies.port import Port
from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from acceptance.drivers.kubernetes.client import Kubernetes

METRICS = Port("tcp", 2020)


def pod(program: str, namespace: str, **spec: object) -> dict[str, Any]:
    """Return a pod, or a template, of a program with one port."""
    labels = {"app.kubernetes.io/name": program, "controller-revision-hash": "1f"}
    ports = [{"name": "http", "containerPort": METRICS.number}]
    return {
        "metadata": {"namespace": namespace, "labels": labels},
        "spec": {"serviceAccountName": program, "containers": [{"ports": ports}], **spec},
    }


def cluster(*pods: dict[str, Any], jobs: tuple[dict[str, Any], ...] = ()) -> Kubernetes:
    """Return a cluster with these pods and CronJobs, and no Service."""

    def items(path: str, labelSelector: str = "") -> list[dict[str, Any]]:  # noqa: N803
        if path.endswith("/serviceaccounts"):
            return [{"metadata": {"name": "default", "uid": "u-1"}}]
        every = {"pods": pods, "cronjobs": jobs}.get(path.rpartition("/")[2], ())
        program = labelSelector.partition("=")[2]
        return [
            each
            for each in every
            if api_path(path.rpartition("/")[2], each["metadata"]["namespace"]) == path
            and each["metadata"]["labels"]["app.kubernetes.io/name"] == program
        ]

    return cast("Kubernetes", SimpleNamespace(items=items))


def test_either_program_for_logs_is_the_same_place() -> None:
    """Fluent Bit and rsyslog are both the log shipper; without a Service its own ports count."""
    found = placements_of_monitoring(cluster(pod("fluent-bit", "monitoring-agents")), "elsewhere")
    assert {*found} == {"log shipper", "log shipper elsewhere", "agents unlabelled pod"}
    shipper = found["log shipper"]
    assert (shipper.service_account, shipper.exposed) == ("fluent-bit", (METRICS,))
    assert found["log shipper elsewhere"].labels == shipper.labels
    assert found["log shipper elsewhere"].namespace == "elsewhere"
    assert not found["agents unlabelled pod"].labels


def test_a_daemon_set_does_not_take_a_probe_for_its_own() -> None:
    """A pod that has an owner keeps it, whatever its labels are."""
    found = placements_of_monitoring(cluster(pod("rsyslog", "monitoring-agents")), "elsewhere")
    body = probe_pod(Probe(found["log shipper"], "probe-1"), "image", "r1", [METRICS])
    owner = body["metadata"]["ownerReferences"][0]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("ServiceAccount", "u-1", True)
    unlabelled = probe_pod(Probe(found["agents unlabelled pod"], "p"), "image", "r1", [METRICS])
    assert "ownerReferences" not in unlabelled["metadata"]


def test_a_job_that_seldom_runs_is_found_by_its_cron_job() -> None:
    """Its pod is there for a moment only."""
    template = pod("opensearch-retention", "monitoring")
    job = {
        "metadata": template["metadata"],
        "spec": {"jobTemplate": {"spec": {"template": template}}},
    }
    found = placements_of_monitoring(cluster(jobs=(job,)), "elsewhere")
    assert found["log retention"].namespace == "monitoring"


def test_a_program_on_the_network_of_its_node_is_not_accepted() -> None:
    """No policy restricts it, whatever the probe beside it can reach."""
    there = cluster(pod("node-exporter", "monitoring", hostNetwork=True))
    with pytest.raises(AssertionError, match="The node exporter uses the network of its node"):
        placements_of_monitoring(there, "elsewhere")


def test_a_program_in_another_namespace_is_not_that_of_the_monitoring() -> None:
    """Somebody else may have a Prometheus too; what is missing is named by its programs."""
    assert not placements_of_monitoring(cluster(pod("prometheus", "shop")), "elsewhere")
    assert needed_programs("log store") == ("opensearch", "elasticsearch")
    assert needed_programs("Prometheus elsewhere") == ("prometheus",)
    assert all(needed_programs(place) for place in monitoring_places())


def test_what_one_program_needs_is_not_missed_beside_another() -> None:
    """Elasticsearch deletes old indices itself; OpenSearch without its job lacks it."""
    for store, needed in (("elasticsearch", False), ("opensearch", True)):
        found = placements_of_monitoring(cluster(pod(store, "monitoring")), "elsewhere")
        assert is_needed("log retention", found) is needed
        assert is_needed("Jaeger", found)
    assert is_needed("log retention", {})
