"""Restarts the backend's pods for a phase, and checks with which values each was started."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.build.kubectl import kubectl
from acceptance.drivers.kubernetes import facts, reading
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.errors import EnvironmentFailure
from acceptance.waiting import eventually, lasting
from operations.rotation.state import ANNOTATION, KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.settings import Timeouts
    from operations.rotation.target import RotationTarget

# A hash of what the process was started with, so that no value leaves the pod.
_HASH = 'for name; do printenv "$name" || echo; done | sha256sum'


@dataclass(frozen=True)
class _Pod:
    name: str
    mark: str
    """The rotation and phase that it was started for; empty for a pod from before."""
    facts: facts.PodFacts


@dataclass(frozen=True)
class _Rollout:
    pods: tuple[_Pod, ...]
    workload: facts.WorkloadFacts | None

    def complete(self, mark: str) -> bool:
        """Whether every pod was started for `mark` and serves, and none of the others is left."""
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


class BackendPods:
    """Restarts the pods that are given the secrets, one after the other."""

    def __init__(
        self,
        kubernetes: Kubernetes,
        kubeconfig: Path,
        context: str,
        target: RotationTarget,
        timeouts: Timeouts,
    ) -> None:
        """Restart the backend of `target`."""
        self._kubernetes = kubernetes
        self._cluster = (kubeconfig, context)
        self._target = target
        self._timeouts = timeouts

    def restart(self, mark: str, given: Mapping[str, str]) -> None:
        """Return when every pod was started for `mark`, with the values in `given`.

        Raises `EnvironmentFailure` if that is not reached.
        """
        self._roll_out(mark)
        # A kubelet may still know the Secret as it was a moment ago.
        if self._outdated(given):
            self._roll_out(f"{mark} again")
        if outdated := self._outdated(given):
            raise EnvironmentFailure(
                f"{', '.join(outdated)}: started with other values than the Secret has. "
                "Try: the same command again."
            )

    def _roll_out(self, mark: str) -> None:
        target, limit = self._target, self._timeouts
        path = api_path("deployments", target.namespace, target.backend)
        template = {"metadata": {"annotations": {ANNOTATION: mark}}}
        self._kubernetes.patch(path, {"spec": {"template": template}})
        with self._kubernetes.watch(target.namespace) as wake:
            eventually(
                self._look,
                lambda rollout: rollout.complete(mark),
                timeout=limit.rollout,
                wake=wake,
                unrecoverable=lasting(
                    lambda rollout: next(
                        (p.facts.unrecoverable for p in rollout.pods if p.facts.unrecoverable),
                        None,
                    ),
                    seconds=limit.unrecoverable,
                ),
                what=f"every pod of {target.backend} restarted",
                remedy="repair the pod, then run the same command again.",
                error=EnvironmentFailure,
            )

    def _look(self) -> _Rollout:
        target = self._target
        pods = tuple(
            _Pod(
                found["metadata"]["name"],
                (found["metadata"].get("annotations") or {}).get(ANNOTATION, ""),
                reading.pod(found, target.backend),
            )
            for found in self._kubernetes.pod_objects(target.namespace, target.backend)
        )
        workloads = self._kubernetes.workloads(target.namespace)
        own = next((each for each in workloads if each.name == target.backend), None)
        return _Rollout(pods, own)

    def _outdated(self, given: Mapping[str, str]) -> list[str]:
        """Return the pods that were started with other values."""
        text = "".join(f"{given[key]}\n" for key in KEYS)
        expected = hashlib.sha256(text.encode()).hexdigest()
        return [pod.name for pod in self._look().pods if self._hash_in(pod.name) != expected]

    def _hash_in(self, pod: str) -> str:
        where = [f"--namespace={self._target.namespace}", "exec", pod]
        command = ["sh", "-c", _HASH, "hash", *KEYS]
        printed = kubectl(
            *self._cluster,
            [*where, f"--container={self._target.container}", "--", *command],
            timeout=self._timeouts.execute,
        )
        return printed.split()[0]
