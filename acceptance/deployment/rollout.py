"""Applies objects to a cluster, and waits until their workloads are at full strength."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.build.kubectl import kubectl
from acceptance.drivers.kubernetes.facts import at_full_strength
from acceptance.errors import EnvironmentFailure, SystemFailure
from acceptance.process import ProgramTimeout
from acceptance.waiting import DeadlineExceeded, eventually, lasting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from acceptance.build.manifests import Manifest
    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import PodFacts, WorkloadFacts
    from acceptance.settings import Timeouts

_LOG_LINES = 10
_FORBIDDEN = "(Forbidden)"
"""What kubectl says when this user may not do something."""


@dataclass(frozen=True)
class RolloutStatus:
    """The workloads and pods of a namespace during a rollout."""

    workloads: tuple[WorkloadFacts, ...]
    pods: tuple[PodFacts, ...]
    needed: tuple[str, ...] = ()
    """The workloads that must want a pod; any other may be scaled to zero on purpose."""

    @property
    def complete(self) -> bool:
        """Whether there is a workload with pods, and all are at full strength."""
        return at_full_strength(self.workloads, self.needed)

    @property
    def unrecoverable(self) -> str | None:
        """Why the first failed pod cannot become ready; None if no pod has failed."""
        return next((pod.unrecoverable for pod in self.pods if pod.unrecoverable), None)

    def __str__(self) -> str:
        """Return what is not ready yet."""
        parts = [str(each) for each in self.workloads if not each.strong(self.needed)]
        parts += [str(pod) for pod in self.pods if not pod.ready and not pod.deleting]
        return "; ".join(parts) or "there is no workload yet"


def apply(kubeconfig: Path, context: str, objects: Sequence[Manifest], *, timeout: float) -> None:
    """Apply objects that name their namespaces; `timeout` is in seconds.

    Raises `EnvironmentFailure` with kubectl's last lines if an object is refused.
    """
    # kubectl applies a List in its order: what others depend on comes first.
    ordered = sorted(objects, key=_order)
    document: dict[str, Any] = {"apiVersion": "v1", "kind": "List", "items": ordered}
    kubectl(
        kubeconfig,
        context,
        ["apply", "--server-side", "--force-conflicts", "--filename=-"],
        timeout=timeout,
        stdin=json.dumps(document),
    )


def apply_to_system(
    client: Kubernetes, kubeconfig: Path, context: str, objects: Sequence[Manifest], timeout: float
) -> None:
    """Apply objects as `apply` does, of which a part of the system consists.

    Raises `SystemFailure` if an object is refused by an API server that is ready, and not for want
    of rights.
    """
    try:
        apply(kubeconfig, context, objects, timeout=timeout)
    except ProgramTimeout:
        raise
    except EnvironmentFailure as error:
        if not is_rejection(client, error):
            raise
        raise SystemFailure(f"The cluster rejects the manifests: {error.message}") from error


def is_rejection(client: Kubernetes, error: EnvironmentFailure) -> bool:
    """Return whether kubectl failed because a ready API server refused what it was given.

    Not for want of rights, which is no fault of the objects.
    """
    return _FORBIDDEN not in error.message and client.readiness().succeeded


def await_rollout(
    client: Kubernetes,
    namespace: str,
    timeouts: Timeouts,
    *,
    what: str,
    remedy: str,
    needed: tuple[str, ...] = (),
    error: type[Exception] = DeadlineExceeded,
) -> RolloutStatus:
    """Return the namespace's status once every workload in it is at full strength.

    A workload that is not `needed` may be scaled to zero.

    `what` and `remedy` word the failure. Raises `error` with the pod's reason and its last log
    lines: `DeadlineExceeded` is a failed check, `SystemFailure` counts as one in a scenario.
    """
    with client.watch(namespace) as wake:
        try:
            return eventually(
                lambda: RolloutStatus(client.workloads(namespace), client.pods(namespace), needed),
                lambda status: status.complete,
                timeout=timeouts.rollout,
                wake=wake,
                unrecoverable=lasting(
                    lambda status: status.unrecoverable, seconds=timeouts.unrecoverable
                ),
                what=what,
                remedy=remedy,
                error=error,
            )
        except error as failure:
            raise error(f"{failure}{_last_words(client, namespace)}") from failure


def _order(found: Manifest) -> int:
    first = ("Namespace", "ServiceAccount", "ConfigMap", "Secret", "Service")
    return first.index(found["kind"]) if found["kind"] in first else len(first)


def _last_words(client: Kubernetes, namespace: str) -> str:
    """Return the last log lines of the containers that are not ready."""
    parts = []
    for pod in client.pods(namespace):
        for container in pod.containers:
            if container.ready or pod.ready:
                continue
            text = client.log(namespace, pod.name, container.name) or client.log(
                namespace, pod.name, container.name, previous=True
            )
            if text:
                lines = "\n".join(text.splitlines()[-_LOG_LINES:])
                parts.append(f"\n{pod.name}/{container.name}:\n{lines}")
    return "".join(parts)
