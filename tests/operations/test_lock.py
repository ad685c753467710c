from __future__ import annotations

from typing import Any

import pytest

from acceptance.errors import EnvironmentFailure
from operations import lock as lock_module
from operations.lock import ROTATION, LockKind, OperationLock
from tests.fakes.kubernetes_objects import FakeObjects

DEPLOYMENT = LockKind("backend-deployment", "deployment", lease=False)


@pytest.mark.parametrize("kind", [ROTATION, DEPLOYMENT], ids=lambda kind: kind.action)
def test_a_lock_that_is_renewed_is_refused_and_an_expired_one_is_taken(
    monkeypatch: pytest.MonkeyPatch, kind: LockKind
) -> None:
    """The refusal names the holder, and the lock is given back at the end."""
    monkeypatch.setattr(lock_module, "_RENEWAL_SECONDS", 0.1)
    killed = kind.body({"holderIdentity": "killed", "leaseDurationSeconds": 0.1})
    cluster: Any = FakeObjects({kind.name: {"metadata": {"resourceVersion": "1"}, **killed}})
    with OperationLock(cluster, "shop", "me", kind) as lock:
        lock.check()
        with (
            pytest.raises(EnvironmentFailure, match=f"A {kind.action} is under way .*, by me"),
            OperationLock(cluster, "shop", "another", kind),
        ):
            pass
    assert "holderIdentity" not in kind.spec(cluster.objects[kind.name])
    with OperationLock(cluster, "shop", "the next", kind) as lock:
        lock.check()
