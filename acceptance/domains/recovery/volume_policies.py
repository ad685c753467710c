"""Checks that the team knows what becomes of the database's volume without the database."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.recovery.backup_and_restore import PAGE
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import require, require_each
from acceptance.runbooks.reader import line_with, read_runbook

if TYPE_CHECKING:
    from collections.abc import Iterator

SECTION = "What happens to the volume"
"""The section of the runbook that says it."""
_SCALED = "Claim when the database is scaled down"
_DELETED = "Claim when the database is deleted"
_RECLAIMED = "Volume when its claim is deleted"
_RETAIN = "Retain"


@dataclass(frozen=True)
class VolumePolicy:
    """What the cluster does with a claim or a volume, and what the runbook says about it."""

    event: str
    """As the runbook words it: "Claim when the database is deleted"."""
    configured: str
    """`Retain` or `Delete`."""
    stated: str
    """Empty if the runbook does not say it."""


class VolumeReviewer(ClusterActor):
    """Compares what the cluster does with the volume with what the runbook says."""

    def assert_policies_stated(self) -> None:
        """What is deleted with the database, or with its claim, is said in the runbook."""
        text = self._stated()
        policies = [
            VolumePolicy(event, configured, _word_after(text, event))
            for event, configured in (*self._of_claims(), *self._of_volumes())
        ]
        self._keep("What happens to the volume", pretty([asdict(each) for each in policies]))
        require_each(policies, _fault, nothing="The database has no volume.")

    def _stated(self) -> str:
        page = self.system.sources / PAGE
        if not page.is_file():
            return ""
        return read_runbook(PAGE, page.read_text(encoding="utf-8")).section(SECTION)

    def _of_claims(self) -> Iterator[tuple[str, str]]:
        """Yield what happens to the claims; without a StatefulSet, nothing deletes them."""
        name = self.system.workloads.database
        found = self._cluster.read(api_path("statefulsets", self.system.namespace, name))
        policy = ((found or {}).get("spec") or {}).get("persistentVolumeClaimRetentionPolicy") or {}
        yield _SCALED, str(policy.get("whenScaled", _RETAIN))
        yield _DELETED, str(policy.get("whenDeleted", _RETAIN))

    def _of_volumes(self) -> Iterator[tuple[str, str]]:
        pods = self._pods(self.system.workloads.database)
        own = {mount.claim for pod in pods for mount in pod.mounts if mount.claim}
        for claim in self._cluster.claims(self.system.namespace):
            if claim.name in own:
                require(claim.volume, f"The claim {claim.name} has no volume.")
                found = self._cluster.read(api_path("persistentvolumes", name=claim.volume)) or {}
                policy = (found.get("spec") or {}).get("persistentVolumeReclaimPolicy", _RETAIN)
                yield _RECLAIMED, str(policy)


def _fault(policy: VolumePolicy) -> str | None:
    if policy.configured in {_RETAIN, policy.stated}:
        return None
    said = policy.stated or "nothing"
    return f"{policy.event}: the cluster has {policy.configured}, and {PAGE} says {said}"


def _word_after(text: str, event: str) -> str:
    """Return the first word after `event` and a colon in a line of the text; else ""."""
    words = line_with(text, f"{event}:").partition(":")[2].split()
    return words[0].strip("`.,;*") if words else ""
