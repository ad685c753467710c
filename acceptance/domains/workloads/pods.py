"""The operator's view of pods: asks each for itself, loses one, and sees who takes its place."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.drivers import database
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import require, require_each
from acceptance.waiting import eventually, lasting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acceptance.drivers.http import Reply
    from acceptance.drivers.kubernetes.facts import ClaimFacts, Mount, PodFacts
    from acceptance.waiting import Watch

_REPLICAS = 2
_NEEDED_BY = {"database": "backend"}
_LOOK_SECONDS = 0.5
_READINESS = {"backend": "/readyz", "frontend": "/healthz"}


@dataclass(frozen=True)
class PodAnswer:
    """What one pod answered when it was asked and no other could answer."""

    pod: str
    reply: Reply


@dataclass(frozen=True)
class Replacement:
    """A pod that was deleted, and the one that serves in its place."""

    lost: PodFacts
    found: PodFacts


@dataclass(frozen=True)
class Storage:
    """Where the database's pods keep their data."""

    pods: tuple[PodFacts, ...]
    directories: tuple[tuple[str, tuple[str, ...]], ...]
    """(pod, the directories in which its servers work)."""
    claims: tuple[ClaimFacts, ...]


class PodOperator(ClusterActor):
    """Looks after the pods of the workloads."""

    def ask_each(self, workload: str) -> tuple[PodAnswer, ...]:
        """Ask each ready pod by itself, past every Service."""
        namespace, role = self.system.namespace, self.system.role(workload)
        port = self._cluster.container_port(namespace, workload)
        answers = tuple(
            PodAnswer(name, self._cluster.ask_pod(namespace, name, port, _READINESS[role]))
            for name in self.serving_whole(workload)
        )
        self._keep(f"What each {role} pod answered", pretty([asdict(each) for each in answers]))
        return answers

    def judge_answers(self, answers: tuple[PodAnswer, ...]) -> None:
        """There are two or more, and each names itself as the one that answered."""

        def fault(answer: PodAnswer) -> str | None:
            if not answer.reply.succeeded:
                return f"{answer.pod} is ready and does not answer: {answer.reply}"
            served_by = answer.reply.served_by
            return None if served_by == answer.pod else f"{answer.pod} calls itself {served_by!r}"

        require_each(answers, fault, nothing="No pod is ready.")
        require(
            len(answers) >= _REPLICAS,
            f"Only {len(answers)} pod is ready, and {_REPLICAS} are promised.",
        )

    def lose_pod(self, workload: str) -> Replacement:
        """Delete one ready pod and wait until the workload is at full strength without it."""
        ready = self.serving_whole(workload)
        pods = self._pods(workload)
        lost = next((pod for pod in pods if pod.name in ready), None)
        if lost is None:
            raise AssertionError(f"There is no ready pod of {workload} to lose.")
        before = {pod.uid for pod in pods}
        dependent = _NEEDED_BY.get(self.system.role(workload))
        needing = self.system.named(dependent) if dependent else ""
        since = {pod.uid: pod.ready_since for pod in self._pods(needing)} if needing else {}
        namespace = self.system.namespace
        with self._waking() as wake:
            self._cluster.delete(api_path("pods", namespace, lost.name))

            def replaced(seen: tuple[PodFacts, ...]) -> bool:
                new = [pod for pod in seen if pod.serving and pod.uid not in before]
                # All of them: what depends on the lost pod has to be well again, too.
                full = all(each.full for each in self._workloads())
                return bool(new) and full and lost.uid not in {pod.uid for pod in seen}

            seen = eventually(
                lambda: self._pods(workload),
                replaced,
                timeout=self._timeouts.recovery,
                wake=wake,
                unrecoverable=lasting(
                    lambda pods: next((p.unrecoverable for p in pods if p.unrecoverable), None),
                    seconds=self._timeouts.unrecoverable,
                ),
                what=f"{workload} back at full strength",
                describe=lambda pods: "; ".join(map(str, pods)) or "no pod",
            )
            if needing and len(ready) == 1:
                self._see_noticed(needing, since, wake)
        found = next(pod for pod in seen if pod.serving and pod.uid not in before)
        replacement = Replacement(lost, found)
        self._keep(f"Which pod took the place of a lost {workload}", pretty(asdict(replacement)))
        return replacement

    def _see_noticed(self, workload: str, before: Mapping[str, str], wake: Watch) -> None:
        """Wait until each pod of `workload` has noticed a loss that is over, and is well again.

        A readiness probe tells of a failure only after several, when what failed may be back. So
        a pod has noticed if it is ready since another time than `before` (by its uid), or if its
        probe had enough time.
        """
        patience = max((pod.patience for pod in self._pods(workload)), default=0.0)

        def whole(found: tuple[PodFacts, ...]) -> str | None:
            return "whole" if found and all(pod.serving for pod in found) else None

        calm = lasting(whole, seconds=patience)

        def noticed(found: tuple[PodFacts, ...]) -> bool:
            turned = all(pod.ready_since != before.get(pod.uid) for pod in found)
            return calm(found) is not None or (turned and whole(found) is not None)

        eventually(
            lambda: self._pods(workload),
            noticed,
            timeout=self._timeouts.recovery,
            wake=wake,
            resync=_LOOK_SECONDS,
            what=f"{workload} ready for {patience:g} s, or again",
            describe=lambda pods: "; ".join(map(str, pods)) or "no pod",
        )

    def judge_replaced(self, replacement: Replacement) -> None:
        """Another pod serves, which is not the one that was lost."""
        lost, found = replacement.lost, replacement.found
        require(lost.uid != found.uid, f"{lost.name} was not replaced: it is still the same pod.")
        require(found.serving, f"{found} took the place of {lost.name} and does not serve.")

    def judge_strength(self, workload: str) -> None:
        """The workload has all of its pods, two or more."""
        seen = self._workload(workload)
        require(seen.full, f"{seen}.")
        require(seen.ready >= _REPLICAS, f"{seen}, and {_REPLICAS} are promised.")

    def look_at_storage(self) -> Storage:
        """Return the database's pods and the claims of the namespace."""
        pods = self._pods(self.system.workloads.database)
        system, limit = self.system, self._timeouts.execute
        where = (Path(system.kubeconfig), system.context, system.namespace)
        storage = Storage(
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

    def judge_storage(self, storage: Storage) -> None:
        """Every directory that a database server works in lies on a claim that is Bound."""
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
            nothing="No database server runs, so where it keeps its data is not known.",
        )


def _mount_of(directory: str, mounts: tuple[Mount, ...]) -> Mount | None:
    """Return the innermost mount that holds the directory."""
    path = PurePosixPath(directory)
    around = [mount for mount in mounts if path.is_relative_to(mount.path)]
    return max(around, key=lambda mount: len(PurePosixPath(mount.path).parts), default=None)
