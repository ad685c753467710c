"""Checks that the database keeps its data: on persistent volumes, and through a crash."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.workloads.drivers.durability import SETTINGS, read_durability
from acceptance.drivers import database
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import listed, require, require_each
from acceptance.runbooks.reader import line_with, read_runbook

if TYPE_CHECKING:
    from acceptance.domains.workloads.drivers.durability import Durability
    from acceptance.drivers.kubernetes.facts import ClaimFacts, Mount, PodFacts


PAGE = "docs/operations/backup-and-recovery.md"
"""Where the team says what happens to the volume, in the section `SECTION`."""
SECTION = "What happens to the volume"
_RETAIN = "Retain"


@dataclass(frozen=True)
class VolumePolicy:
    """What the cluster does with a claim or a volume, and what the team says about it."""

    event: str
    """As the page words it: "Claim when the database is deleted"."""
    configured: str
    """`Retain` or `Delete`."""
    stated: str
    """Empty if the page does not say it."""


@dataclass(frozen=True)
class DatabaseStorage:
    """Where the database's pods keep their data."""

    pods: tuple[PodFacts, ...]
    directories: tuple[tuple[str, tuple[str, ...]], ...]
    """(pod, the data directories of its servers)."""
    claims: tuple[ClaimFacts, ...]


class StorageOperator(ClusterActor):
    """Finds where the running database servers keep their data, and checks the claims."""

    def read_storage(self) -> DatabaseStorage:
        """Return the database's pods, their data directories and the claims of the namespace."""
        pods = self._pods(self.system.workloads.database)
        system, limit = self.system, self._timeouts.execute
        where = (Path(system.kubeconfig), system.context, system.namespace)
        storage = DatabaseStorage(
            pods,
            tuple(
                (
                    pod.name,
                    database.data_directories(*where, pod.name, container.name, timeout=limit),
                )
                for pod in pods
                for container in pod.containers
                if not container.init and container.state == "running"
            ),
            self._cluster.claims(system.namespace),
        )
        self._keep("Where the database keeps its data", pretty(asdict(storage)))
        return storage

    def assert_on_bound_claims(self, storage: DatabaseStorage) -> None:
        """Every data directory of a running database server is on a claim that is Bound."""
        claims = {claim.name: claim for claim in storage.claims}
        mounts = {pod.name: pod.mounts for pod in storage.pods}

        def fault(found: tuple[str, str]) -> str | None:
            pod, directory = found
            mount = _mount_of(directory, mounts[pod])
            if mount is None or not mount.claim:
                return f"{pod} keeps its data in {directory}, on no persistent volume claim"
            if mount.claim not in claims:
                return f"{pod} keeps its data on the claim {mount.claim}, which does not exist"
            claim = claims[mount.claim]
            bound = claim.phase == "Bound" and claim.volume
            return None if bound else f"the claim {claim.name} is {claim.phase}"

        require(storage.pods, "The database has no pod.")
        idle = {pod.name for pod in storage.pods} - {
            pod for pod, found in storage.directories if found
        }
        require(not idle, f"No database server runs in {', '.join(sorted(idle))}.")
        require_each(
            [(pod, directory) for pod, found in storage.directories for directory in found],
            fault,
            nothing="No database server runs, so its data directory is not known.",
        )

    def assert_commits_are_durable(self) -> None:
        """A commit is on the disk before it is acknowledged, and a crash empties no table."""
        found = read_durability(self._sql)
        self._keep("How the database treats a commit", pretty(asdict(found)))
        faults = faults_of_durability(found)
        require(not faults, f"A crash may lose what was committed: {listed(faults)}.")

    def assert_volume_policies_stated(self, storage: DatabaseStorage) -> None:
        """What is deleted with the database, or with its claim, is said on the page."""
        text = self._stated()
        name = self.system.workloads.database
        own = {mount.claim for pod in storage.pods for mount in pod.mounts if mount.claim}
        policies = [
            VolumePolicy(event, configured, _word_after(text, event))
            for event, configured in (
                *self._retention(name),
                *(
                    ("Volume when its claim is deleted", self._reclaim(claim.volume))
                    for claim in storage.claims
                    if claim.name in own
                ),
            )
        ]
        self._keep("What happens to the volume", pretty([asdict(each) for each in policies]))
        require_each(policies, _fault_of_policy, nothing="The database has no volume.")

    def _stated(self) -> str:
        page = self.system.sources / PAGE
        if not page.is_file():
            return ""
        return read_runbook(PAGE, page.read_text(encoding="utf-8")).section(SECTION)

    def _retention(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return what happens to the claims; without a StatefulSet, nothing deletes them."""
        found = self._cluster.read(api_path("statefulsets", self.system.namespace, name))
        policy = ((found or {}).get("spec") or {}).get("persistentVolumeClaimRetentionPolicy") or {}
        return (
            ("Claim when the database is scaled down", str(policy.get("whenScaled", _RETAIN))),
            ("Claim when the database is deleted", str(policy.get("whenDeleted", _RETAIN))),
        )

    def _reclaim(self, volume: str) -> str:
        found = self._cluster.read(api_path("persistentvolumes", name=volume)) if volume else None
        require(found, f"The volume {volume or 'of the database'} does not exist.")
        assert found is not None
        return str(found["spec"].get("persistentVolumeReclaimPolicy", _RETAIN))


def faults_of_durability(found: Durability) -> tuple[str, ...]:
    """Return in which ways a commit may be lost, as sentences without a full stop."""
    values = dict(found.settings)
    return (
        *(
            f"{name} is {values.get(name, 'unknown')}"
            for name in SETTINGS
            if _off(values.get(name))
        ),
        *(
            f"{text.replace('=', ' is ')} for {whose or 'everybody'}"
            for whose, text in found.overrides
            if _off(text.partition("=")[2])
        ),
        *(f"{table} is unlogged, so a crash empties it" for table in found.unlogged),
    )


def _off(value: str | None) -> bool:
    """Return whether a setting is off, in any of the ways in which PostgreSQL reads that."""
    return value is None or value.strip().lower() in {"off", "false", "no", "0", "of", "f", "n"}


def _fault_of_policy(policy: VolumePolicy) -> str | None:
    if policy.configured in {_RETAIN, policy.stated}:
        return None
    said = policy.stated or "nothing"
    return f"{policy.event}: the cluster has {policy.configured}, and {PAGE} says {said}"


def _word_after(text: str, event: str) -> str:
    """Return the first word after `event` and a colon in a line of the text; else ""."""
    words = line_with(text, f"{event}:").partition(":")[2].split()
    return words[0].strip("`.,;*") if words else ""


def _mount_of(directory: str, mounts: tuple[Mount, ...]) -> Mount | None:
    """Return the innermost mount that holds the directory."""
    path = PurePosixPath(directory)
    around = [mount for mount in mounts if path.is_relative_to(mount.path)]
    return max(around, key=lambda mount: len(PurePosixPath(mount.path).parts), default=None)
