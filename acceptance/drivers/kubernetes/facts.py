"""Facts of Kubernetes objects; `acceptance.drivers.kubernetes.reading` reads them from the API."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]

_UNRECOVERABLE = frozenset(
    {
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CrashLoopBackOff",
    }
)


@dataclass(frozen=True)
class SecretUse:
    """A pod's use of a Secret's key, or of all its keys if `key` is None."""

    secret: str
    key: str | None
    optional: bool = False


@dataclass(frozen=True)
class Mount:
    """A volume, mounted into a container that is not an init container."""

    container: str
    path: str
    claim: str
    """The name of its PersistentVolumeClaim; empty for any other volume."""


@dataclass(frozen=True)
class ContainerFacts:
    """One container of a pod: its specification and its state."""

    name: str
    image: str
    image_id: str
    """The image that runs, by its digest; empty before it was started."""
    init: bool
    ready: bool
    started: bool
    restarts: int
    state: str
    """`running`, `terminated`, or the reason for which it waits."""
    explanation: str
    """The kubelet's message why it waits; empty if it does not."""
    seconds_to_notice: float
    """Seconds until the readiness probe reports a failure; 0 without one."""
    uses: tuple[SecretUse, ...]


@dataclass(frozen=True)
class PodFacts:
    """One pod."""

    name: str
    uid: str
    workload: str
    """The workload whose pods were listed; empty if all of the namespace were."""
    phase: str
    ready: bool
    ready_since: str
    """When its readiness last changed, as the API server writes it, to the second."""
    deleting: bool
    node: str
    address: str
    containers: tuple[ContainerFacts, ...]
    uses: tuple[SecretUse, ...]
    """By its volumes and containers."""
    mounts: tuple[Mount, ...]
    unschedulable: str = ""
    """Why the scheduler finds no node for it, in its own words; empty if it does."""
    main_name: str = ""
    """The container that does its work; empty for the first one."""

    @property
    def main(self) -> ContainerFacts:
        """The container that does its work, as `main_container` of `reading` finds it."""
        own = [each for each in self.containers if not each.init]
        return next((each for each in own if each.name == self.main_name), own[0])

    @property
    def serving(self) -> bool:
        """Whether it is ready and not being deleted."""
        return self.ready and not self.deleting

    @property
    def seconds_to_notice(self) -> float:
        """Seconds until its readiness reflects a failure."""
        return max((each.seconds_to_notice for each in self.containers), default=0.0)

    @property
    def unrecoverable(self) -> str | None:
        """Why the pod cannot become ready by waiting; None if it can."""
        if self.unschedulable:
            return f"{self.name}: {self.unschedulable}"
        for container in self.containers:
            if container.state in _UNRECOVERABLE:
                said = f": {container.explanation}" if container.explanation else ""
                return f"{self.name}: {container.state} {container.image}{said}"
        return None

    def __str__(self) -> str:
        """Return the pod's state in a few words."""
        if self.deleting:
            return f"{self.name}: ending"
        if self.ready:
            return f"{self.name}: ready"
        if self.unschedulable:
            return f"{self.name}: not scheduled ({self.unschedulable})"
        waiting = [c for c in self.containers if not c.ready and not (c.init and c.started)]
        states = ", ".join(f"{c.name} {c.state}" for c in waiting)
        return f"{self.name}: {self.phase}, not ready ({states or 'no container yet'})"


@dataclass(frozen=True)
class WorkloadFacts:
    """A Deployment, StatefulSet or DaemonSet, and how many of its pods are ready and current."""

    kind: str
    name: str
    wanted: int
    ready: int
    current: int
    """Pods of the newest revision."""
    observed: bool
    """Whether the controller has seen the newest specification."""

    @property
    def satisfied(self) -> bool:
        """Whether all wanted pods are ready and of the newest revision, also if it wants none."""
        return self.observed and self.ready == self.current == self.wanted

    @property
    def full(self) -> bool:
        """Whether it is satisfied, and wants a pod."""
        return self.satisfied and self.wanted > 0

    def strong(self, needed: Collection[str]) -> bool:
        """Return whether it is full, or is satisfied and none of the `needed` names."""
        return self.full if self.name in needed else self.satisfied

    def __str__(self) -> str:
        """Return how many replicas are ready."""
        return f"{self.kind} {self.name}: {self.ready} of {self.wanted} replicas ready"


def at_full_strength(workloads: Iterable[WorkloadFacts], needed: Collection[str]) -> bool:
    """Return whether those of the `needed` names are full, and all others have what they want.

    A spare or a canary may be scaled to zero on purpose; what serves visitors may not. At least one
    workload has to be full.
    """
    found = tuple(workloads)
    return any(each.full for each in found) and all(each.strong(needed) for each in found)


@dataclass(frozen=True)
class NodeFacts:
    """One node."""

    name: str
    ready: bool
    version: str


@dataclass(frozen=True)
class ClaimFacts:
    """A PersistentVolumeClaim."""

    name: str
    phase: str
    volume: str
    storage_class: str


@dataclass(frozen=True)
class IngressFacts:
    """An Ingress: its class, hosts and published addresses."""

    name: str
    ingress_class: str
    hosts: tuple[str, ...]
    addresses: tuple[str, ...]
    paths: tuple[tuple[str, str], ...] = ()
    """Each path, of any host, and the name of the Service behind it."""
