from __future__ import annotations

import pytest

from acceptance.domains.workloads.outage import (
    DatabaseOutage,
    LivenessDuringOutage,
    OutageOperator,
    liveness_since,
    seconds_to_act,
)
from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.facts import PodFacts
from tests.domains.workloads.samples import containers, pod
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
    then = {(key, "failed"): 7, (key, "successful"): 100}
    (found,) = liveness_since(before, first, now, then)
    assert found == LivenessDuringOutage("backend-0/main", 3, 2, 2, 1)
    assert found.over  # it was restarted
    assert not LivenessDuringOutage("x", 3, 2, 2, 0).over
    assert LivenessDuringOutage("x", 3, 0, 3, 0).over


def test_the_outage_lasts_for_as_long_as_the_slowest_liveness_probe() -> None:
    """Three failures, one period apart, and the moment until the first attempt."""
    assert seconds_to_act(containers(pod("backend"))) == 43
    assert seconds_to_act(()) == 0
