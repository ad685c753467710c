from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.deployment import rollout
from acceptance.deployment.rollout import RolloutStatus, apply_to_system
from acceptance.drivers.kubernetes.facts import WorkloadFacts
from acceptance.errors import EnvironmentFailure, SystemFailure
from acceptance.process import ProgramTimeout


@pytest.mark.parametrize(
    ("error", "ready", "kind"),
    [
        (EnvironmentFailure("The Deployment is invalid."), True, SystemFailure),
        (EnvironmentFailure("Unable to connect to the server."), False, EnvironmentFailure),
        (EnvironmentFailure("Error from server (Forbidden): no."), True, EnvironmentFailure),
        (ProgramTimeout("kubectl did not finish."), True, ProgramTimeout),
    ],
)
def test_only_a_ready_api_server_that_rejects_manifests_blames_them(
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    ready: bool,
    kind: type[Exception],
) -> None:
    """Without an answer, or without rights, nothing is known about the manifests."""

    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(rollout, "apply", refuse)
    client: Any = SimpleNamespace(readiness=lambda: SimpleNamespace(succeeded=ready))
    with pytest.raises(kind) as caught:
        apply_to_system(client, Path("kubeconfig"), "context", [], 1)
    assert type(caught.value) is kind


def workload(name: str, wanted: int, ready: int | None = None) -> WorkloadFacts:
    """Return a Deployment that wants some pods, all of which are ready unless said otherwise."""
    have = wanted if ready is None else ready
    return WorkloadFacts("Deployment", name, wanted, have, have, observed=True)


@pytest.mark.parametrize(
    ("workloads", "unready"),
    [
        ((workload("backend", 2), workload("canary", 0)), ""),
        ((workload("backend", 2), workload("canary", 0, 1)), "canary: 1 of 0"),
        ((workload("backend", 2), workload("canary", 2, 1)), "canary: 1 of 2"),
        ((workload("backend", 0), workload("canary", 1)), "backend: 0 of 0"),
        ((workload("backend", 2, 1),), "backend: 1 of 2"),
        ((), "no workload"),
        ((workload("canary", 0),), "no workload"),
    ],
)
def test_only_a_spare_may_be_scaled_to_zero(
    workloads: tuple[WorkloadFacts, ...], unready: str
) -> None:
    """A workload that nobody needs may want no pod, and one that serves visitors may not."""
    status = RolloutStatus(workloads, (), ("backend",))
    assert status.complete is not bool(unready)
    assert unready in str(status)
