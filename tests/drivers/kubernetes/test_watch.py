from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acceptance.drivers.kubernetes.client import Kubernetes
from tests.fakes.kubernetes_api import FakeApi

if TYPE_CHECKING:
    from pathlib import Path

QUIET_SECONDS = 0.3


@pytest.mark.parametrize("kind", ["api/v1/{}/pods", "apis/apps/v1/{}/deployments"])
def test_a_change_wakes_who_waits(tmp_path: Path, kind: str) -> None:
    """Of a pod, and of a workload that says so when all of its pods have been quiet for a while."""
    api = FakeApi()
    api.put(kind.format("namespaces/checkout") + "/backend")
    with api as port:
        api.kubeconfig(tmp_path / "config", port)
        client = Kubernetes(tmp_path / "config", "this", timeout=5)
        with client.watch("checkout") as wake:
            assert wake.wait(5)  # what is there already comes first
            while wake.wait(QUIET_SECONDS):
                pass
            api.changed.set()
            assert wake.wait(QUIET_SECONDS)
            assert not wake.wait(QUIET_SECONDS)
        client.close()
