"""Checks that the database keeps its data on persistent volumes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.drivers import database
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import require, require_each

if TYPE_CHECKING:
    from acceptance.drivers.kubernetes.facts import ClaimFacts, Mount, PodFacts


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


def _mount_of(directory: str, mounts: tuple[Mount, ...]) -> Mount | None:
    """Return the innermost mount that holds the directory."""
    path = PurePosixPath(directory)
    around = [mount for mount in mounts if path.is_relative_to(mount.path)]
    return max(around, key=lambda mount: len(PurePosixPath(mount.path).parts), default=None)
