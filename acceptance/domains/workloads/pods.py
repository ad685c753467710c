"""Checks the pods of a workload: each answers by itself, and a deleted one is replaced."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import require, require_each
from acceptance.waiting import eventually, lasting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acceptance.drivers.http import Reply
    from acceptance.drivers.kubernetes.facts import PodFacts
    from acceptance.waiting import Watch

_REPLICAS = 2
_NEEDED_BY = {"database": "backend"}
"""Which role becomes unready without another."""
_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class PodAnswer:
    """What one pod answered when it was asked past every Service."""

    pod: str
    reply: Reply


@dataclass(frozen=True)
class PodReplacement:
    """A pod that was lost, and the one that is ready in its place."""

    lost: PodFacts
    found: PodFacts


class PodOperator(ClusterActor):
    """Asks and deletes pods of the workloads, and checks how many are ready."""

    def ask_each_pod(self, role: str) -> tuple[PodAnswer, ...]:
        """Ask each ready pod of the backend or the frontend, by its role, past every Service."""
        namespace, workload = self.system.namespace, self.system.named(role)
        contract = self.system.contract
        port = self._cluster.container_port(namespace, workload)
        path, named_by = contract.path(f"{role}_ready"), contract.part("headers.served_by")
        answers = tuple(
            PodAnswer(
                name,
                replace(self._cluster.ask_pod(namespace, name, port, path), named_by=named_by),
            )
            for name in self.serving_when_full(workload)
        )
        self._keep(f"What each {role} pod answered", pretty([asdict(each) for each in answers]))
        return answers

    def assert_each_answered(self, answers: tuple[PodAnswer, ...]) -> None:
        """Two or more pods are ready, and each answers with its own name."""

        def fault(answer: PodAnswer) -> str | None:
            if not answer.reply.succeeded:
                return f"{answer.pod} is ready and does not answer: {answer.reply}"
            served_by = answer.reply.served_by
            return None if served_by == answer.pod else f"{answer.pod} answers as {served_by!r}"

        require_each(answers, fault, nothing="No pod is ready.")
        require(
            len(answers) >= _REPLICAS,
            f"Only {len(answers)} pod is ready, and {_REPLICAS} are required.",
        )

    def delete_pod(self, role: str) -> PodReplacement:
        """Delete one ready pod of a role, and wait until its workload is at full strength again."""
        namespace = self.system.namespace
        return self._replace(
            role, lambda pod: self._cluster.delete(api_path("pods", namespace, pod.name))
        )

    def _replace(self, role: str, lose: Callable[[PodFacts], object]) -> PodReplacement:
        """Lose one ready pod of a role, and wait until its workload is at full strength again."""
        workload = self.system.named(role)
        ready = self.serving_when_full(workload)
        pods = self._pods(workload)
        lost = next((pod for pod in pods if pod.name in ready), None)
        if lost is None:
            raise AssertionError(f"There is no ready pod of {workload} to lose.")
        before = {pod.uid for pod in pods}
        dependent = _NEEDED_BY.get(role)
        needing = self.system.named(dependent) if dependent else ""
        since = {pod.uid: pod.ready_since for pod in self._pods(needing)} if needing else {}
        with self._waking() as wake:
            lose(lost)

            def replaced(seen: tuple[PodFacts, ...]) -> bool:
                new = [pod for pod in seen if pod.serving and pod.uid not in before]
                # All of them: what depends on the deleted pod has to be ready again, too.
                full = self._at_full_strength(self._workloads())
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
                self._await_noticed(needing, since, wake)
        found = next(pod for pod in seen if pod.serving and pod.uid not in before)
        replacement = PodReplacement(lost, found)
        self._keep(f"Which pod replaced a lost {workload} pod", pretty(asdict(replacement)))
        return replacement

    def _await_noticed(self, workload: str, before: Mapping[str, str], wake: Watch) -> None:
        """Wait until each pod of `workload` has noticed that another was away, and is ready again.

        A readiness probe reports a failure only after several attempts, when the cause may be
        over. So a pod has noticed if it is ready since another time than `before` (by its uid), or
        if its probe had enough time.
        """
        seconds = max((pod.seconds_to_notice for pod in self._pods(workload)), default=0.0)

        def ready(found: tuple[PodFacts, ...]) -> str | None:
            return "ready" if found and all(pod.serving for pod in found) else None

        stable = lasting(ready, seconds=seconds)

        def noticed(found: tuple[PodFacts, ...]) -> bool:
            turned = all(pod.ready_since != before.get(pod.uid) for pod in found)
            return stable(found) is not None or (turned and ready(found) is not None)

        eventually(
            lambda: self._pods(workload),
            noticed,
            timeout=self._timeouts.recovery,
            wake=wake,
            resync=_LOOK_SECONDS,
            what=f"{workload} ready for {seconds:g} s, or again",
            describe=lambda pods: "; ".join(map(str, pods)) or "no pod",
        )

    def assert_replaced(self, replacement: PodReplacement) -> None:
        """Another pod than the deleted one is ready in its place."""
        lost, found = replacement.lost, replacement.found
        require(lost.uid != found.uid, f"{lost.name} was not replaced: it is still the same pod.")
        require(found.serving, f"{found.name} replaced {lost.name} and is not ready: {found}.")

    def assert_full_strength(self, role: str) -> None:
        """All replicas of the role's workload are ready, two or more."""
        seen = self._workload(self.system.named(role))
        require(seen.full, f"{seen}.")
        require(seen.ready >= _REPLICAS, f"{seen}, and {_REPLICAS} are required.")
