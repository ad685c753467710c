from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.deployment import rollout
from acceptance.deployment.rollout import apply_to_system
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
