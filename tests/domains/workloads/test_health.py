from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from acceptance.domains.workloads.health import Health, HealthOperator
from acceptance.domains.workloads.start_up import StartUp
from acceptance.judgement import Unverifiable
from tests.domains.workloads.samples import PROBES, containers, pod
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

OPERATOR = HealthOperator(context_of(SYSTEM))
THREE = tuple(pod(name) for name in SYSTEM.names)
STARTED = StartUp("backend-0/main", 3, certain=True, budget=30, probe="startup")


def health(*pods: dict[str, Any], starts: tuple[StartUp, ...] = (STARTED,)) -> Health:
    """Return the health of the three workloads and of these pods beside."""
    return Health(containers(*pods, *THREE), starts)


def test_healthy_pods_pass() -> None:
    """All probes are there and pass, and nothing was restarted; a startup probe is not needed."""
    found = health(pod("agent", kind="DaemonSet", without="startup"), pod("import", kind="Job"))
    OPERATOR.assert_probes_declared(found)
    OPERATOR.assert_probes_pass(found)
    OPERATOR.assert_time_to_start(found)
    OPERATOR.assert_no_restart(found)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (pod("agent", kind="DaemonSet", without="liveness"), "agent-0/main has no liveness probe"),
        (pod("debug", kind="", probes={"x": 1}), "debug-0/main has no readiness, liveness probe"),
        (pod("cache", "main", "x", x="later"), "cache-0/x has no reason .* but 'later'"),
        (
            pod("cache", main="It is too simple for that"),
            "No container of cache has probes, by its own words",
        ),
        (
            pod("cache", probes={**PROBES, "livenessProbe": {"failureThreshold": 1000}}),
            "cache-0/main is restarted only 10001 s after it is stuck",
        ),
    ],
)
def test_what_is_wrong_with_declared_probes_is_named(found: dict[str, Any], said: str) -> None:
    """Of whatever workload: none, no real reason for none, or one that never acts."""
    with pytest.raises(AssertionError, match=said):
        OPERATOR.assert_probes_declared(health(found))


def test_a_declared_reason_exempts_a_container_beside_others() -> None:
    """It has to be more than a word."""
    reason = "Prometheus tells of a stuck exporter"
    found = pod("cache", "main", "metrics", metrics=reason)
    OPERATOR.assert_probes_declared(health(found))


def test_a_workload_without_a_pod_is_missed() -> None:
    """Nothing else would say that it has no probes."""
    with pytest.raises(AssertionError, match="frontend, database has no pod"):
        OPERATOR.assert_probes_declared(Health(containers(pod("backend")), ()))


def test_a_container_that_is_not_ready_is_named() -> None:
    """Its state is in the message."""
    with pytest.raises(AssertionError, match=r"does not pass its probes \(running\)"):
        OPERATOR.assert_probes_pass(health(pod("backend", ready=False)))


def test_only_restarts_of_this_run_count() -> None:
    """What had happened before the run began is no fault of it."""
    operator = HealthOperator(context_of(replace(SYSTEM, restarts=(("backend/main", 2),))))
    operator.assert_no_restart(Health(containers(pod("backend", restarts=2)), ()))
    with pytest.raises(AssertionError, match="backend-0/main was restarted 1 times"):
        operator.assert_no_restart(Health(containers(pod("backend", restarts=3)), ()))


def test_a_slow_start_is_named_and_an_unknown_one_proves_nothing() -> None:
    """A container that was unready later may have started quickly."""
    slow = replace(STARTED, seconds=20)
    with pytest.raises(AssertionError, match=r"needed 20 s to start, .* after 30 s"):
        OPERATOR.assert_time_to_start(health(starts=(STARTED, slow)))
    with pytest.raises(Unverifiable, match=r"How long backend-0/main needed .* is not known"):
        OPERATOR.assert_time_to_start(health(starts=(STARTED, replace(slow, certain=False))))
    with pytest.raises(Unverifiable, match="the right to get nodes/proxy"):
        OPERATOR.assert_time_to_start(Health((), (), "Try: the right to get nodes/proxy"))
    with pytest.raises(AssertionError, match="No container has started"):
        OPERATOR.assert_time_to_start(health(starts=()))
