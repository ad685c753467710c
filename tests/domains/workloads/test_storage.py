from __future__ import annotations

import pytest

from acceptance.domains.workloads.storage import DatabaseStorage, StorageOperator
from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.facts import ClaimFacts
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
