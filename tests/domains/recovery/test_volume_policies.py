from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from acceptance.domains.recovery import VolumeReviewer
from acceptance.domains.recovery.backup_and_restore import PAGE
from acceptance.domains.recovery.volume_policies import SECTION
from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.facts import ClaimFacts
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.drivers.kubernetes.facts import PodFacts


class Volumes:
    """A cluster that keeps or deletes claims and volumes."""

    def __init__(self, *, scaled: str = "Retain", deleted: str = "Retain", reclaim: str) -> None:
        """Do this with the claim of a workload that is scaled down or deleted, and with volumes."""
        self.retention = {"whenScaled": scaled, "whenDeleted": deleted}
        self.reclaim = reclaim

    def pods(self, _: str, __: str) -> tuple[PodFacts, ...]:
        """Return the database's pod, which mounts the claim `data`."""
        return (
            reading.pod(
                {
                    "metadata": {"name": "database-0", "uid": "1"},
                    "spec": {
                        "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}],
                        "containers": [
                            {"name": "main", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}
                        ],
                    },
                }
            ),
        )

    def claims(self, _: str) -> tuple[ClaimFacts, ...]:
        """Return the claim, and one that is not the database's."""
        return ClaimFacts("data", "Bound", "pv-1", "local"), ClaimFacts("other", "Bound", "x", "")

    def read(self, path: str) -> dict[str, Any] | None:
        """Return the StatefulSet, or the volume."""
        if path.endswith("/statefulsets/database"):
            return {"spec": {"persistentVolumeClaimRetentionPolicy": self.retention}}
        assert path == "/api/v1/persistentvolumes/pv-1"
        return {"spec": {"persistentVolumeReclaimPolicy": self.reclaim}}


def check_policies(folder: Path, cluster: Volumes, *lines: str) -> None:
    """Compare what the cluster does with a page that has these lines."""
    page = folder / PAGE
    page.parent.mkdir(parents=True)
    page.write_text("\n".join([f"# Recovery\n\n## {SECTION}\n", *lines]), encoding="utf-8")
    system = replace(SYSTEM, repository=str(folder))
    VolumeReviewer(context_of(system, cluster)).assert_policies_stated()


def test_what_is_kept_need_not_be_said(tmp_path: Path) -> None:
    """Nothing is lost with the workload."""
    check_policies(tmp_path, Volumes(reclaim="Retain"))


def test_what_is_deleted_and_said_passes(tmp_path: Path) -> None:
    """The team knows it."""
    said = "- Volume when its claim is deleted: `Delete`, by the class `local-path`."
    check_policies(tmp_path, Volumes(reclaim="Delete"), said)


@pytest.mark.parametrize(
    ("cluster", "lines", "said"),
    [
        (Volumes(reclaim="Delete"), (), "Volume when its claim is deleted: .* Delete, .* nothing"),
        (
            Volumes(reclaim="Delete"),
            ("- Volume when its claim is deleted: Retain.",),
            "Volume when its claim is deleted: .* Delete, .* says Retain",
        ),
        (
            Volumes(reclaim="Retain", scaled="Delete"),
            ("- Claim when the database is deleted: Delete.",),
            "Claim when the database is scaled down: .* Delete, .* nothing",
        ),
        (
            Volumes(reclaim="Retain", deleted="Delete"),
            ("- Claim when the database is deleted: Retain.",),
            "Claim when the database is deleted: .* Delete, .* says Retain",
        ),
    ],
)
def test_what_is_deleted_and_not_said_is_reported(
    tmp_path: Path, cluster: Volumes, lines: tuple[str, ...], said: str
) -> None:
    """Each way in which data would go with the database, unknown to the team."""
    with pytest.raises(AssertionError, match=said):
        check_policies(tmp_path, cluster, *lines)
