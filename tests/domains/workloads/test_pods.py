from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from acceptance.domains.workloads.pods import PodOperator
from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.facts import WorkloadFacts
from acceptance.settings import Timeouts
from acceptance.waiting import SYSTEM_CLOCK, DeadlineExceeded
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

if TYPE_CHECKING:
    from acceptance.drivers.kubernetes.facts import PodFacts

LIMITS = Timeouts(recovery=1.0, readiness_change=0.1)
QUICK = {"periodSeconds": 0, "failureThreshold": 1, "timeoutSeconds": 0.4}


def pod(name: str, uid: str, since: str, *, ready: bool = True) -> PodFacts:
    """Return a pod as the API sends it, with a probe that needs 0.4 s to tell of a failure."""
    condition = {
        "type": "Ready",
        "status": "True" if ready else "False",
        "lastTransitionTime": since,
    }
    return reading.pod(
        {
            "metadata": {"name": name, "uid": uid},
            "spec": {"containers": [{"name": "main", "readinessProbe": QUICK}]},
            "status": {"phase": "Running", "conditions": [condition]},
        }
    )


@dataclass(eq=False)
class Cluster:
    """Shows one state of the backend after another, once the database's pod was deleted."""

    backend: list[tuple[PodFacts, ...]]
    database: tuple[PodFacts, ...] = (pod("database-0", "old", "0"),)
    looks: int = 0
    whole: bool = True
    lost: list[str] = field(default_factory=list)

    def pods(self, _: str, workload: str) -> tuple[PodFacts, ...]:
        """Return the pods of a workload as they are by now."""
        if workload == "database":
            return self.database
        if self.lost and len(self.backend) > 1:
            self.backend.pop(0)
        self.looks += bool(self.lost)
        return self.backend[0]

    def workloads(self, _: str) -> tuple[WorkloadFacts, ...]:
        """Return workloads as controllers see them, at full strength or not, and a spare."""
        ready = {"readyReplicas": int(self.whole), "updatedReplicas": 1}
        spare = WorkloadFacts("Deployment", "canary", 0, 0, 0, observed=True)
        return (spare, *self._needed(ready))

    def _needed(self, ready: dict[str, int]) -> tuple[WorkloadFacts, ...]:
        return tuple(
            reading.workload(
                "StatefulSet",
                {"metadata": {"name": name}, "spec": {"replicas": 1}, "status": ready},
            )
            for name in ("backend", "database")
        )

    def delete(self, path: str) -> None:
        """Replace the database's pod."""
        self.lost.append(path)
        self.database = (pod("database-0", "new", "5"),)

    def watch(self, _: str) -> AbstractContextManager[Waking]:
        """Return a watch."""
        return nullcontext(Waking())


class Waking:
    """A watch that has an event every 10 ms."""

    def wait(self, timeout: float) -> bool:
        """Return soon."""
        SYSTEM_CLOCK.pause(min(timeout, 0.01))
        return True


FIRST = pod("backend-a", "a", "1"), pod("backend-b", "b", "1")
ONE_AWAY = pod("backend-a", "a", "6", ready=False), pod("backend-b", "b", "1")
BOTH_AWAY = ONE_AWAY[0], pod("backend-b", "b", "6", ready=False)
BACK = pod("backend-a", "a", "8"), pod("backend-b", "b", "8")


def delete_database(cluster: Cluster) -> Cluster:
    """Let the operator delete the database's pod."""
    kept: list[str] = []
    context = context_of(
        SYSTEM,
        cluster,
        keep=lambda title, _, kind="json": kept.append(f"{title} {kind}"),
        timeouts=LIMITS,
    )
    found = PodOperator(context).delete_pod("database")
    assert (found.lost.uid, found.found.uid) == ("old", "new")
    assert kept == ["Which pod replaced a lost database pod json"]
    return cluster


def test_an_outage_that_probes_report_late_is_waited_for() -> None:
    """The backend is ready, then unready by its probes, and the operator waits for the end."""
    course: list[tuple[PodFacts, ...]] = [
        FIRST,
        FIRST,
        ONE_AWAY,
        BOTH_AWAY,
        (BACK[0], BOTH_AWAY[1]),
        BACK,
    ]
    cluster = delete_database(Cluster(course))
    assert cluster.backend == [BACK]


def test_an_outage_that_no_probe_saw_is_waited_for_as_long_as_one_may_take() -> None:
    """A probe may still fail until it had all of its time."""
    started = SYSTEM_CLOCK.now()
    cluster = delete_database(Cluster([FIRST]))
    assert SYSTEM_CLOCK.now() - started >= QUICK["timeoutSeconds"]
    assert cluster.looks > len(FIRST)


def test_a_backend_that_stays_unready_is_reported() -> None:
    """The wait fails while a pod is unready."""
    with pytest.raises(
        DeadlineExceeded, match=r"backend ready for 0\.4 s, or again: .*backend-b: Running"
    ):
        delete_database(Cluster([FIRST, BOTH_AWAY, (BACK[0], BOTH_AWAY[1])]))


def test_serving_does_not_wait() -> None:
    """Only `serving_when_full` waits for a workload that the scenario before disturbed."""
    cluster = Cluster([ONE_AWAY], whole=False)
    operator = PodOperator(context_of(SYSTEM, cluster, timeouts=LIMITS))
    started = SYSTEM_CLOCK.now()
    assert operator.serving("backend") == ("backend-b",)
    assert SYSTEM_CLOCK.now() - started < LIMITS.readiness_change
    assert operator.serving_when_full("backend") == ("backend-b",)
    waited = SYSTEM_CLOCK.now() - started
    assert waited >= LIMITS.readiness_change
    assert operator.serving_when_full("backend") == ("backend-b",)
    assert SYSTEM_CLOCK.now() - started < 2 * waited, "the same pods were waited for again"
    cluster.backend = [(replace(ONE_AWAY[0], uid="new"), ONE_AWAY[1])]
    assert operator.serving_when_full("backend") == ("backend-b",)
    assert SYSTEM_CLOCK.now() - started >= 2 * LIMITS.readiness_change


def test_a_pod_that_cannot_become_ready_ends_the_wait() -> None:
    """With what the scheduler says of it."""
    lost = replace(ONE_AWAY[0], unschedulable="0/1 nodes are available: 1 Insufficient memory.")
    cluster = Cluster([(lost, ONE_AWAY[1])], whole=False)
    patient = replace(LIMITS, readiness_change=30.0, unrecoverable=0.1)
    operator = PodOperator(context_of(SYSTEM, cluster, timeouts=patient))
    started = SYSTEM_CLOCK.now()
    assert operator.serving_when_full("backend") == ("backend-b",)
    assert SYSTEM_CLOCK.now() - started < patient.readiness_change
    assert "not scheduled (0/1 nodes are available" in str(lost)
