"""Checks that the database keeps its data: on persistent volumes, and through a crash."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.workloads.drivers.durability import SETTINGS, read_durability
from acceptance.drivers import database
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.pod_commands import lacks_program
from acceptance.errors import SystemFailure
from acceptance.judgement import listed, require, require_each

if TYPE_CHECKING:
    from acceptance.domains.workloads.drivers.durability import Durability
    from acceptance.drivers.kubernetes.facts import ClaimFacts, ContainerFacts, Mount, PodFacts


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

        def directories(pod: PodFacts, container: ContainerFacts) -> tuple[str, ...]:
            try:
                return database.data_directories(*where, pod.name, container.name, timeout=limit)
            except SystemFailure as error:
                # A sidecar without a shell; of the main container's server something has to be
                # known.
                if container == pod.main or not lacks_program(error):
                    raise
                return ()

        storage = DatabaseStorage(
            pods,
            tuple(
                (pod.name, directories(pod, container))
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


def _mount_of(directory: str, mounts: tuple[Mount, ...]) -> Mount | None:
    """Return the innermost mount that holds the directory."""
    path = PurePosixPath(directory)
    around = [mount for mount in mounts if path.is_relative_to(mount.path)]
    return max(around, key=lambda mount: len(PurePosixPath(mount.path).parts), default=None)
