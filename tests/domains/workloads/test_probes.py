from __future__ import annotations

from typing import Any

import pytest

from acceptance.domains.workloads.drivers.probes import (
    ProbeFacts,
    parse_probe_counts,
    read_probe_counts,
)
from acceptance.drivers.http import Reply
from acceptance.drivers.kubernetes.client import Inaccessible
from tests.domains.workloads.samples import containers, pod

OF_POD = 'container="main",namespace="checkout",pod="backend-0",pod_uid="u1"'
PAGE = f"""# TYPE prober_probe_total counter
prober_probe_total{{{OF_POD},probe_type="Liveness",result="failed"}} 3
prober_probe_total{{{OF_POD},probe_type="Readiness",result="successful"}} 1.2e+02
prober_probe_duration_seconds_count{{{OF_POD},probe_type="Liveness"}} 4
"""


def test_probes_are_read_with_the_defaults_of_the_api() -> None:
    """A field that is missing has the value that the API documents."""
    found = pod("backend", probes={"livenessProbe": {"exec": {}}})
    (each,) = containers(found)
    assert each.probes == (ProbeFacts("liveness", 0.0, 10.0, 1.0, 3),)
    assert each.probe("readiness") is None
    (probe,) = each.probes
    assert (probe.budget, probe.attempt, probe.notice) == (30, 11, 31)


def test_a_container_knows_its_workload() -> None:
    """The Deployment behind a ReplicaSet, another owner, or the pod itself."""
    pods = (pod("backend"), pod("agent", kind="DaemonSet"), pod("alone", kind=""))
    found = containers(*pods)
    assert [each.workload for each in found] == ["backend", "agent", "alone-0"]
    assert [each.owned for each in found] == [True, True, False]
    assert str(found[0]) == "backend-0/main"
    assert (found[0].container_id, found[0].start_seconds) == ("main-id", 9.0)


def test_what_ends_by_itself_needs_no_probes() -> None:
    """A Job, a pod that has ended, and one that the suite started; a bare pod goes on."""
    assert not containers(
        pod("import", kind="Job"),
        pod("done", kind="", phase="Succeeded"),
        pod("lookup", kind="", restart_policy="Never"),
    )
    assert containers(pod("bare", kind=""))


def test_a_sidecar_that_is_an_init_container_runs_for_long() -> None:
    """One that ends before the others start does not."""
    found = pod("backend")
    found["spec"]["initContainers"] = [
        {"name": "migrate"},
        {"name": "proxy", "restartPolicy": "Always"},
    ]
    assert [each.name for each in containers(found)] == ["proxy", "main"]


def test_the_counts_of_a_kubelet_are_read() -> None:
    """By pod, container, kind and result."""
    assert parse_probe_counts(PAGE) == {
        (("u1", "main", "liveness"), "failed"): 3,
        (("u1", "main", "readiness"), "successful"): 120,
    }


def test_a_kubelet_that_may_not_be_asked_is_no_fault_of_the_system() -> None:
    """The message names the missing right."""
    asked: list[str] = []

    def send(_: str, path: str) -> Reply:
        asked.append(path)
        return Reply(200 if "good" in path else 403, (), PAGE, 0.1, request=path)

    cluster: Any = type("Cluster", (), {"send": staticmethod(send)})()
    assert len(read_probe_counts(cluster, ["good"])) == 2
    assert asked == ["/api/v1/nodes/good/proxy/metrics/probes"]
    with pytest.raises(Inaccessible, match="Try: the right to get nodes/proxy"):
        read_probe_counts(cluster, ["bad"])
