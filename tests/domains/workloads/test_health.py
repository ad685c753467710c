from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from acceptance.domains.workloads.health import DatabaseOutage, HealthOperator
from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.facts import PodFacts
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

PROBES = [f"{name}Probe" for name in ("startup", "readiness", "liveness")]
OPERATOR = HealthOperator(context_of(SYSTEM))


def pod(
    workload: str,
    *,
    uid: str = "",
    ready: bool = True,
    restarts: int = 0,
    phase: str = "Running",
    without: str = "",
) -> PodFacts:
    """Return a pod with one container, which lacks the probe `without`."""
    probes = {name: {"periodSeconds": 1} for name in PROBES if name != f"{without}Probe"}
    state: dict[str, Any] = {
        "name": "main",
        "ready": ready,
        "started": ready,
        "restartCount": restarts,
        "state": {"running": {}},
    }
    return reading.pod(
        {
            "metadata": {"name": f"{workload}-0", "uid": uid or workload},
            "spec": {"containers": [{"name": "main", **probes}]},
            "status": {
                "phase": phase,
                "containerStatuses": [state],
                "conditions": [{"type": "Ready", "status": str(ready)}],
            },
        },
        workload,
    )


ALL = tuple(pod(name) for name in SYSTEM.names)


def test_healthy_pods_pass() -> None:
    """All probes are there and pass, and nothing was restarted."""
    OPERATOR.assert_probes_declared(ALL)
    OPERATOR.assert_probes_pass(ALL)
    OPERATOR.assert_no_restart(ALL)


def test_a_missing_probe_is_named() -> None:
    """Also a workload without a pod is missed."""
    with pytest.raises(AssertionError, match="backend-0/main has no liveness probe"):
        OPERATOR.assert_probes_declared((pod("backend", without="liveness"), *ALL))
    with pytest.raises(AssertionError, match="frontend, database has no pod"):
        OPERATOR.assert_probes_declared((pod("backend"),))


def test_a_container_that_is_not_ready_is_named() -> None:
    """Its state is in the message."""
    with pytest.raises(AssertionError, match=r"does not pass its probes \(running\)"):
        OPERATOR.assert_probes_pass((pod("backend", ready=False), *ALL))


def test_only_restarts_of_this_run_count() -> None:
    """What had happened before the run began is no fault of it."""
    before = replace(SYSTEM, restarts=(("backend/main", 2),))
    operator = HealthOperator(context_of(before))
    operator.assert_no_restart((pod("backend", restarts=2),))
    with pytest.raises(AssertionError, match="backend-0/main was restarted 1 times"):
        operator.assert_no_restart((pod("backend", restarts=3),))


DOWN = pod("backend", ready=False)
UP = pod("backend")


def test_a_backend_that_reports_the_outage_and_recovers_passes() -> None:
    """Running and not ready during it, and ready again without a restart."""
    outage = DatabaseOutage((DOWN,), (UP,))
    OPERATOR.assert_not_ready_during(outage)
    OPERATOR.assert_recovered(outage)


@pytest.mark.parametrize(
    ("during", "said"),
    [
        ((UP,), "backend-0 reported ready while the database was down"),
        ((pod("backend", ready=False, phase="Failed"),), "backend-0 was not running: Failed"),
        ((), "The backend had no pod"),
    ],
)
def test_a_backend_that_does_not_report_the_outage_is_named(
    during: tuple[PodFacts, ...], said: str
) -> None:
    """Ready, crashed, or not there."""
    with pytest.raises(AssertionError, match=said):
        OPERATOR.assert_not_ready_during(DatabaseOutage(during, (UP,)))


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (pod("backend", uid="new"), "did not recover by itself: it was replaced"),
        (DOWN, "did not recover"),
        (pod("backend", restarts=1), "backend-0 recovered only by 1 restarts"),
    ],
)
def test_a_backend_that_needs_help_to_recover_is_named(after: PodFacts, said: str) -> None:
    """A new pod, an unready one, and a restarted one."""
    with pytest.raises(AssertionError, match=said):
        OPERATOR.assert_recovered(DatabaseOutage((DOWN,), (after,)))
