from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from acceptance.domains.workloads import stuck_containers
from acceptance.domains.workloads.stuck_containers import (
    StuckContainer,
    StuckContainerOperator,
    failures_since,
    rounds,
    seconds_to_fail,
)
from acceptance.drivers.http import Reply
from acceptance.drivers.kubernetes.facts import WorkloadFacts
from acceptance.judgement import Unverifiable
from tests.domains.workloads.samples import containers, pod
from tests.domains.workloads.test_pods import Waking
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

REASON = "Prometheus tells of a stuck exporter"


def names(pods: list[dict[str, Any]]) -> list[list[str]]:
    """Return which containers are stopped together."""
    return [[str(each) for each in group] for group in rounds(containers(*pods), {"database"})]


def test_one_pod_of_each_workload_is_stopped_at_the_same_time() -> None:
    """No two containers of a pod, and the database by itself."""
    pods = [
        pod("backend", "main", "proxy", name="backend-a"),
        pod("backend", "main", "proxy", name="backend-b"),
        pod("frontend"),
        pod("database", "server", "log"),
    ]
    assert names(pods) == [
        ["backend-a/main", "frontend-0/main"],
        ["backend-a/proxy"],
        ["database-0/server"],
        ["database-0/log"],
    ]
    assert names([]) == []


def test_what_has_no_probes_or_a_reason_is_not_stopped() -> None:
    """Nothing would be seen."""
    pods = [
        pod("database", "server", "metrics", metrics=REASON),
        pod("bare", kind="", probes={"x": 1}),
    ]
    assert names(pods) == [["database-0/server"]]


def test_failures_are_counted_since_the_stop() -> None:
    """What failed before does not count, and startup probes are over."""
    (container,) = containers(pod("backend"))
    before = {(container.key(kind), "failed"): 4 for kind in ("readiness", "liveness")}
    now = before | {(container.key("readiness"), "failed"): 5}
    both = ("readiness", "liveness")
    assert failures_since((container,), before, now) == ((both, ("readiness",)),)
    assert seconds_to_fail((container,)) == 13


def test_a_probe_that_does_not_fail_is_named() -> None:
    """With how long the container was stuck."""
    operator = StuckContainerOperator(context_of(SYSTEM))
    both = ("readiness", "liveness")
    operator.assert_probes_failed((StuckContainer("a/b", both, both, 9.6),))
    found = StuckContainer("a/b", both, ("readiness",), 12.4)
    with pytest.raises(AssertionError, match="a/b was stuck for 12 s, and its liveness probe did"):
        operator.assert_probes_failed((found,))
    with pytest.raises(AssertionError, match="readiness and liveness probe did not"):
        operator.assert_probes_failed((replace(found, failed=()),))
    with pytest.raises(AssertionError, match="No container was stopped"):
        operator.assert_probes_failed(())


@dataclass
class Cluster:
    """Three workloads, and kubelets that count a failure at each look while one is stopped."""

    stopped: list[str] = field(default_factory=list)
    signals: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    failures: int = 0

    def pod_objects(self, _: str) -> list[dict[str, Any]]:
        """Return a pod of each workload."""
        return [pod(name, name) for name in SYSTEM.names]

    def workloads(self, _: str) -> tuple[WorkloadFacts, ...]:
        """Return workloads with all of their pods."""
        return tuple(
            WorkloadFacts("Deployment", name, 1, 1, 1, observed=True) for name in SYSTEM.names
        )

    def watch(self, _: str) -> AbstractContextManager[Waking]:
        """Return a watch."""
        return nullcontext(Waking())

    def send(self, _: str, path: str) -> Reply:
        """Return the counts of the kubelet."""
        self.failures += bool(self.stopped)
        lines = [
            f'prober_probe_total{{container="{name}",pod_uid="{name}",probe_type="{kind}",'
            f'result="failed"}} {self.failures}'
            for name in SYSTEM.names
            for kind in ("Liveness", "Readiness")
        ]
        return Reply(200, (), "\n".join(lines), 0.1, request=path)

    def signal(self, _: object, ids: list[str], name: str, *, timeout: float) -> int:
        """Stop or continue containers."""
        assert timeout > 0
        self.signals.append((name, tuple(ids)))
        self.stopped = list(ids) if name == "STOP" else []
        return 1


def test_containers_are_stopped_and_continued(monkeypatch: pytest.MonkeyPatch) -> None:
    """In two rounds, and each until its probes have failed."""
    cluster = Cluster()
    monkeypatch.setattr(stuck_containers, "signal_containers", cluster.signal)
    operator = StuckContainerOperator(context_of(SYSTEM, cluster))
    found = operator.stop_one_of_each()
    operator.assert_probes_failed(found)
    assert [each.container for each in found] == [f"{n}-0/{n}" for n in SYSTEM.names]
    assert cluster.signals == [
        ("STOP", ("backend-id",)),
        ("STOP", ("frontend-id",)),
        ("CONT", ("frontend-id",)),
        ("CONT", ("backend-id",)),
        ("STOP", ("database-id",)),
        ("CONT", ("database-id",)),
    ]


def test_without_a_way_into_the_node_nothing_is_seen() -> None:
    """It is the cluster's, and no fault of the system."""
    operator = StuckContainerOperator(context_of(SYSTEM, Cluster()))
    with pytest.raises(Unverifiable, match="no command can be run on the node"):
        operator.stop_one_of_each()
