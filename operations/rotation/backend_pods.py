"""The backend's pods: made anew for each phase, and asked what they were given."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.build.kubectl import kubectl
from acceptance.drivers.kubernetes import facts
from acceptance.errors import EnvironmentFailure
from acceptance.waiting import eventually, lasting
from operations.rotation.state import ANNOTATION, KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.settings import Timeouts
    from operations.rotation.target import Target

# Of what the process was started with, and never the values: they would come back to here.
_SUM = 'for name; do printenv "$name" || echo; done | sha256sum'


@dataclass(frozen=True)
class _Pod:
    name: str
    mark: str
    facts: facts.PodFacts


@dataclass(frozen=True)
class _Fleet:
    pods: tuple[_Pod, ...]
    workload: facts.WorkloadFacts | None

    def all_of(self, mark: str) -> bool:
        """Whether every pod there is serves, is of `mark`, and none is on its way out."""
        return (
            self.workload is not None
            and self.workload.full
            and len(self.pods) == self.workload.wanted
            and all(pod.mark == mark and pod.facts.serving for pod in self.pods)
        )

    def __str__(self) -> str:
        return (
            "; ".join(f"{pod.facts} ({pod.mark or 'as before'})" for pod in self.pods) or "no pod"
        )


class Fleet:
    """The pods that are given the secrets."""

    def __init__(
        self,
        kubernetes: Kubernetes,
        kubeconfig: Path,
        context: str,
        target: Target,
        timeouts: Timeouts,
    ) -> None:
        """Work on the backend of `target`."""
        self._kubernetes = kubernetes
        self._cluster = (kubeconfig, context)
        self._target = target
        self._timeouts = timeouts

    def renew(self, mark: str, given: Mapping[str, str]) -> None:
        """Return when every pod was made for `mark` and is given what `given` says.

        Raises `EnvironmentFailure` if that does not come to be.
        """
        self._roll(mark)
        # A kubelet may know the Secret as it was a moment ago.
        if self._stale(given):
            self._roll(f"{mark} again")
        if stale := self._stale(given):
            raise EnvironmentFailure(
                f"{', '.join(stale)}: started with other values than the Secret has. "
                "Try: the same command again."
            )

    def _roll(self, mark: str) -> None:
        target, limit = self._target, self._timeouts
        path = f"/apis/apps/v1/namespaces/{target.namespace}/deployments/{target.backend}"
        template = {"metadata": {"annotations": {ANNOTATION: mark}}}
        self._kubernetes.patch(path, {"spec": {"template": template}})
        with self._kubernetes.watch(target.namespace) as wake:
            eventually(
                self._look,
                lambda fleet: fleet.all_of(mark),
                timeout=limit.rollout,
                wake=wake,
                unrecoverable=lasting(
                    lambda fleet: next(
                        (pod.facts.unrecoverable for pod in fleet.pods if pod.facts.unrecoverable),
                        None,
                    ),
                    seconds=limit.unrecoverable,
                ),
                what=f"every pod of {target.backend} made anew",
                remedy="repair the pod, and then the same command again.",
                error=EnvironmentFailure,
            )

    def _look(self) -> _Fleet:
        target = self._target
        pods = tuple(
            _Pod(
                found["metadata"]["name"],
                (found["metadata"].get("annotations") or {}).get(ANNOTATION, ""),
                facts.pod(found, target.backend),
            )
            for found in self._kubernetes.pod_objects(target.namespace, target.backend)
        )
        workloads = self._kubernetes.workloads(target.namespace)
        own = next((each for each in workloads if each.name == target.backend), None)
        return _Fleet(pods, own)

    def _stale(self, given: Mapping[str, str]) -> list[str]:
        """Return the pods that were started with anything else."""
        text = "".join(f"{given[key]}\n" for key in KEYS)
        wanted = hashlib.sha256(text.encode()).hexdigest()
        return [pod.name for pod in self._look().pods if self._sum(pod.name) != wanted]

    def _sum(self, pod: str) -> str:
        where = [f"--namespace={self._target.namespace}", "exec", pod]
        command = ["sh", "-c", _SUM, "sum", *KEYS]
        said = kubectl(
            *self._cluster,
            [*where, f"--container={self._target.container}", "--", *command],
            timeout=self._timeouts.execute,
        )
        return said.split()[0]
