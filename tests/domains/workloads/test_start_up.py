from __future__ import annotations

from typing import Any

import pytest

from acceptance.domains.workloads.start_up import start_up_of
from tests.domains.workloads.samples import containers, pod

READINESS = {"periodSeconds": 2, "failureThreshold": 2}


def start(counts: dict[str, int], **fields: Any) -> tuple[float, bool, float] | None:  # noqa: ANN401
    """Return seconds, certainty and budget of a pod whose probes failed so many times."""
    (container,) = containers(pod("backend", **fields))
    failed = {(container.key(kind), "failed"): number for kind, number in counts.items()}
    found = start_up_of(container, failed)
    return (found.seconds, found.certain, found.budget) if found else None


def test_each_failed_attempt_of_a_startup_probe_has_cost_a_period() -> None:
    """On the average, if the container was restarted."""
    assert start({"startup": 12}) == (12, True, 30)
    assert start({"startup": 12}, restarts=2) == (4, True, 30)
    slow = {"startupProbe": {"periodSeconds": 5, "initialDelaySeconds": 10}}
    assert start({"startup": 1}, probes=slow) == (15, True, 25)
    assert start({}) == (0, True, 30)


@pytest.mark.parametrize(
    ("failed", "wanted"),
    [
        (4, (9, True, 30)),
        (100, (9, True, 30)),
        (0, (4, False, 30)),
    ],
)
def test_without_a_startup_probe_the_pod_was_unready_from_the_start(
    failed: int, wanted: tuple[float, bool, float]
) -> None:
    """For 9 s, if its readiness probe failed all the while; else it was unready later."""
    probes = {"readinessProbe": READINESS, "livenessProbe": {"exec": {}}}
    assert start({"readiness": failed}, probes=probes) == wanted


def test_what_no_probe_restarts_may_start_as_slowly_as_it_likes() -> None:
    """Nothing is said of a container that is not ready either."""
    assert start({}, probes={"readinessProbe": READINESS}) is None
    assert start({}, ready=False) is None


def test_a_start_has_to_fit_twice() -> None:
    """The next one may be slower."""
    (container,) = containers(pod("backend"))
    for failed, enough in ((15, True), (16, False)):
        found = start_up_of(container, {(container.key("startup"), "failed"): failed})
        assert found is not None
        assert found.enough is enough
    assert str(found) == (
        "backend-0/main needed 16 s to start, and its startup probe restarts it after 30 s"
    )
