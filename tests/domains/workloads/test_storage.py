from __future__ import annotations

from types import SimpleNamespace

import pytest

from acceptance.domains.workloads.storage import DatabaseStorage, StorageOperator
from acceptance.drivers import database
from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.facts import ClaimFacts
from acceptance.errors import SystemFailure
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

DATA = "/var/lib/postgresql/data/pgdata"
BOUND = ClaimFacts("data", "Bound", "pv-1", "local")


def storage(
    *,
    claim: str = "data",
    claims: tuple[ClaimFacts, ...] = (BOUND,),
    found: tuple[str, ...] = (DATA,),
) -> DatabaseStorage:
    """Return the storage of one database pod, with its data on `claim`."""
    volume = {"persistentVolumeClaim": {"claimName": claim}} if claim else {"emptyDir": {}}
    pod = reading.pod(
        {
            "metadata": {"name": "database-0", "uid": "1"},
            "spec": {
                "volumes": [{"name": "data", **volume}],
                "containers": [
                    {
                        "name": "main",
                        "volumeMounts": [
                            {"name": "data", "mountPath": "/var/lib/postgresql/data"},
                            {"name": "run", "mountPath": "/var"},
                        ],
                    }
                ],
            },
        }
    )
    return DatabaseStorage((pod,), (("database-0", found),), claims)


def test_data_on_a_bound_claim_passes() -> None:
    """The innermost mount counts."""
    StorageOperator(context_of(SYSTEM)).assert_on_bound_claims(storage())


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (storage(claim=""), "on no persistent volume claim"),
        (storage(found=("/tmp/data",)), "on no persistent volume claim"),
        (storage(claims=()), "on the claim data, which does not exist"),
        (storage(claims=(ClaimFacts("data", "Pending", "", ""),)), "the claim data is Pending"),
        (storage(found=()), "No database server runs in database-0"),
        (DatabaseStorage((), (), ()), "The database has no pod"),
    ],
)
def test_data_elsewhere_is_reported(seen: DatabaseStorage, said: str) -> None:
    """Each way in which the data would be lost is named."""
    with pytest.raises(AssertionError, match=said):
        StorageOperator(context_of(SYSTEM)).assert_on_bound_claims(seen)


@pytest.mark.parametrize(
    ("container", "said", "judged"),
    [
        ("proxy", 'exec: "sh": executable file not found in $PATH', False),
        ("main", 'exec: "sh": executable file not found in $PATH', True),
        ("proxy", "command terminated with exit code 1", True),
    ],
)
def test_a_sidecar_without_a_shell_runs_no_database(
    monkeypatch: pytest.MonkeyPatch, container: str, said: str, judged: bool
) -> None:
    """But of the container that does the pod's work, its directories have to be known."""
    running: dict[str, object] = {"state": {"running": {}}}
    pod = reading.pod(
        {
            "metadata": {"name": "database-0", "uid": "1"},
            "spec": {"containers": [{"name": "proxy"}, {"name": "main", "ports": [{}]}]},
            "status": {"containerStatuses": [{"name": n, **running} for n in ("proxy", "main")]},
        },
        "database",
    )

    def directories(*where: object, timeout: float) -> tuple[str, ...]:
        assert timeout
        if where[-1] == container:
            raise SystemFailure(f"A command in database-0/{container} failed: {said}")
        return (DATA,)

    monkeypatch.setattr(database, "data_directories", directories)
    cluster = SimpleNamespace(pods=lambda *_: (pod,), claims=lambda _: (BOUND,))
    actor = StorageOperator(context_of(SYSTEM, cluster, keep=lambda *_: None))
    if judged:
        with pytest.raises(SystemFailure, match=container):
            actor.read_storage()
    else:
        found = actor.read_storage().directories
        assert found == (("database-0", ()), ("database-0", (DATA,)))
