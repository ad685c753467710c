from __future__ import annotations

from typing import Any

import pytest

from acceptance.errors import EnvironmentFailure
from operations.rotation import lease as lease_module
from operations.rotation.lease import NAME, RotationLease
from tests.fakes.kubernetes_objects import FakeObjects


def test_a_lease_that_is_renewed_is_refused_and_an_expired_one_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The refusal names the holder, and the Lease is given back at the end."""
    monkeypatch.setattr(lease_module, "_RENEWAL_SECONDS", 0.1)
    killed = {"holderIdentity": "killed", "leaseDurationSeconds": 0.1}
    cluster: Any = FakeObjects({NAME: {"metadata": {"resourceVersion": "1"}, "spec": killed}})
    with RotationLease(cluster, "shop", "me") as lease:
        lease.check()
        with (
            pytest.raises(EnvironmentFailure, match="under way already, by me"),
            RotationLease(cluster, "shop", "another"),
        ):
            pass
    assert "holderIdentity" not in cluster.objects[NAME]["spec"]
    with RotationLease(cluster, "shop", "the next") as lease:
        lease.check()
