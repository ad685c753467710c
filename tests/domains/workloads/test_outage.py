from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import pytest

from acceptance.domains.workloads.outage import (
    DatabaseOutage,
    LivenessDuringOutage,
    OutageOperator,
    liveness_since,
    seconds_to_act,
)
from acceptance.drivers.http import Reply
from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.facts import PodFacts, WorkloadFacts
from tests.domains.workloads.samples import containers, pod
from tests.domains.workloads.test_pods import Waking
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

OPERATOR = OutageOperator(context_of(SYSTEM))
DOWN = reading.pod(pod("backend", ready=False), "backend")
UP = reading.pod(pod("backend"), "backend")
PASSED = LivenessDuringOutage("backend-0/main", failures=3, failed=0, attempts=3, restarts=0)


def outage(
    during: tuple[PodFacts, ...] = (DOWN,),
    after: tuple[PodFacts, ...] = (UP,),
    liveness: tuple[LivenessDuringOutage, ...] = (PASSED,),
) -> DatabaseOutage:
    """Return an outage that the backend reported and recovered from, but for what is given."""
    return DatabaseOutage(during, after, liveness)


def test_a_backend_that_reports_the_outage_and_recovers_passes() -> None:
    """Running and not ready during it, never restarted, and ready again."""
    OPERATOR.assert_not_ready_during(outage())
    OPERATOR.assert_none_restarted(outage())
    OPERATOR.assert_recovered(outage())


@pytest.mark.parametrize(
    ("during", "said"),
    [
        ((UP,), "backend-0 reported ready while the database was down"),
        (
            (reading.pod(pod("backend", ready=False, phase="Failed"), "backend"),),
            "backend-0 was not running: Failed",
        ),
        ((), "The backend had no pod"),
    ],
)
def test_a_backend_that_does_not_report_the_outage_is_named(
    during: tuple[PodFacts, ...], said: str
) -> None:
    """Ready, crashed, or not there."""
    with pytest.raises(AssertionError, match=said):
        OPERATOR.assert_not_ready_during(outage(during))


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (pod("backend", uid="new"), "did not recover by itself: it was replaced"),
        (pod("backend", ready=False), "did not recover"),
        (pod("backend", restarts=1), "backend-0 recovered only by 1 restarts"),
    ],
)
def test_a_backend_that_needs_help_to_recover_is_named(after: dict[str, object], said: str) -> None:
    """A new pod, an unready one, and a restarted one."""
    with pytest.raises(AssertionError, match=said):
        OPERATOR.assert_recovered(outage(after=(reading.pod(after, "backend"),)))


@pytest.mark.parametrize(
    ("failed", "restarts", "said"),
    [
        (3, 0, "The liveness probe of backend-0/main failed 3 times while the database was down"),
        (2, 1, "backend-0/main was restarted 1 times while the database was down"),
    ],
)
def test_a_liveness_probe_that_depends_on_the_database_is_named(
    failed: int, restarts: int, said: str
) -> None:
    """By a restart, or by as many failures as lead to one; a single failure is a busy node's."""
    OPERATOR.assert_none_restarted(outage(liveness=(LivenessDuringOutage("x", 3, 1, 3, 0),)))
    found = LivenessDuringOutage("backend-0/main", 3, failed, 3, restarts)
    with pytest.raises(AssertionError, match=said):
        OPERATOR.assert_none_restarted(outage(liveness=(PASSED, found)))
    with pytest.raises(AssertionError, match="No container has a liveness probe"):
        OPERATOR.assert_none_restarted(outage(liveness=()))


def test_liveness_is_counted_since_the_database_was_gone() -> None:
    """Of each container that has such a probe and is still there."""
    before = containers(pod("backend"), pod("gone"), pod("bare", without="liveness"))
    now = containers(pod("backend", restarts=1), pod("bare", without="liveness"))
    key = before[0].key("liveness")
    first = {(key, "failed"): 5, (key, "successful"): 100}
    gone = {(key, "failed"): 6, (key, "successful"): 101}
    then = {(key, "failed"): 7, (key, "successful"): 101}
    (found,) = liveness_since(before, first, gone, now, then)
    assert found == LivenessDuringOutage("backend-0/main", 3, 2, 1, 1)
    assert found.over  # it was restarted
    assert not LivenessDuringOutage("x", 3, 2, 2, 0).over
    assert LivenessDuringOutage("x", 3, 0, 3, 0).over
    assert LivenessDuringOutage("x", 3, 3, 2, 0).over  # it is not probed again


def test_the_outage_lasts_for_as_long_as_the_slowest_liveness_probe() -> None:
    """Three failures, one period apart, and the moment until the first attempt."""
    assert seconds_to_act(containers(pod("backend"))) == 43
    assert seconds_to_act(()) == 0


@dataclass
class Cluster:
    """Three workloads, whose database is away while it is scaled to zero.

    Each look is one attempt of every liveness probe.
    """

    depends: bool = False
    """Whether the backend's liveness probe asks the database."""
    wanted: list[int] = field(default_factory=lambda: [1])
    attempts: int = 0

    def workloads(self, _: str) -> tuple[WorkloadFacts, ...]:
        """Return the three workloads, all of them complete."""
        return tuple(
            WorkloadFacts("Deployment", name, 1, 1, 1, observed=True) for name in SYSTEM.names
        )

    def scale(self, _: str, __: str, name: str, replicas: int) -> None:
        """Scale the database."""
        assert name == SYSTEM.workloads.database
        self.wanted.append(replicas)

    def pod_objects(self, _: str) -> list[dict[str, Any]]:
        """Return the pods that there are."""
        names = [n for n in SYSTEM.names if self.wanted[-1] or n != SYSTEM.workloads.database]
        return [pod(name, ready=bool(self.wanted[-1]) or name == "frontend") for name in names]

    def pods(self, _: str, workload: str) -> tuple[PodFacts, ...]:
        """Return the pods of one workload."""
        found = self.pod_objects("")
        return tuple(
            reading.pod(each, workload)
            for each in found
            if each["metadata"]["name"].startswith(workload)
        )

    def watch(self, _: str) -> AbstractContextManager[Waking]:
        """Return a watch."""
        return nullcontext(Waking())

    def send(self, _: str, path: str) -> Reply:
        """Return the counts of the kubelet."""
        self.attempts += 1
        lines = [
            f'prober_probe_total{{container="main",pod_uid="{name}",probe_type="Liveness",'
            f'result="{result}"}} {self.attempts}'
            for name, result in (
                ("frontend", "successful"),
                ("backend", "failed" if self.depends else "successful"),
            )
        ]
        return Reply(200, (), "\n".join(lines), 0.1, request=path)


@pytest.mark.parametrize("depends", [False, True])
def test_the_database_is_away_until_every_liveness_probe_could_act(depends: bool) -> None:
    """Three attempts after the first look; then it is given back."""
    cluster = Cluster(depends)
    operator = OutageOperator(context_of(SYSTEM, cluster))
    found = operator.interrupt_database()
    assert cluster.wanted == [1, 0, 1]
    backend, frontend = found.liveness
    assert (backend.failed, backend.over, frontend.failed, frontend.over) == (
        4 * depends,
        True,
        0,
        True,
    )
    operator.assert_not_ready_during(found)
    operator.assert_recovered(found)
    if depends:
        with pytest.raises(AssertionError, match="The liveness probe of backend-0/main failed 4"):
            operator.assert_none_restarted(found)
    else:
        operator.assert_none_restarted(found)
