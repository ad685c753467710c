"""Facts of Kubernetes objects, and the functions that read them from the API's JSON.

A missing field means what the API documents for it, never "fine".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]

PROBES = ("startup", "readiness", "liveness")
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
    probes: tuple[str, ...]
    seconds_to_notice: float
    """Seconds until the readiness probe reports a failure; 0 without one."""
    literals: tuple[tuple[str, str], ...]
    """Every literal text of the specification: environment, command and arguments."""
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
        waiting = [c for c in self.containers if not c.ready and not (c.init and c.started)]
        states = ", ".join(f"{c.name} {c.state}" for c in waiting)
        return f"{self.name}: {self.phase}, not ready ({states or 'no container yet'})"


@dataclass(frozen=True)
class WorkloadFacts:
    """A Deployment or StatefulSet, and how many of its pods are ready and current."""

    kind: str
    name: str
    wanted: int
    ready: int
    current: int
    """Pods of the newest revision."""
    observed: bool
    """Whether the controller has seen the newest specification."""

    @property
    def full(self) -> bool:
        """Whether all wanted pods, one or more, are ready and of the newest revision."""
        return self.observed and self.wanted > 0 and self.ready == self.current == self.wanted

    def __str__(self) -> str:
        """Return how many replicas are ready."""
        return f"{self.kind} {self.name}: {self.ready} of {self.wanted} replicas ready"


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


def selector(found: Object) -> str:
    """Return a LabelSelector in the form of the query parameter labelSelector.

    Source: Kubernetes documentation, "Labels and Selectors", API.
    """
    parts = [f"{key}={value}" for key, value in (found.get("matchLabels") or {}).items()]
    for rule in found.get("matchExpressions") or ():
        key, operator = rule["key"], rule["operator"]
        values = ",".join(rule.get("values") or ())
        parts.append(
            {
                "In": f"{key} in ({values})",
                "NotIn": f"{key} notin ({values})",
                "Exists": key,
                "DoesNotExist": f"!{key}",
            }[operator]
        )
    return ",".join(parts)


def pod(found: Object, workload: str = "") -> PodFacts:
    """Read a Pod, which was listed as one of `workload`."""
    metadata, spec, status = _parts(found)
    statuses = {
        each["name"]: each
        for group in ("initContainerStatuses", "containerStatuses")
        for each in status.get(group) or ()
    }
    containers = tuple(
        _container(each, statuses.get(each["name"], {}), init=init)
        for init, group in ((True, "initContainers"), (False, "containers"))
        for each in spec.get(group) or ()
    )
    volumes = spec.get("volumes") or ()
    uses = [use for container in containers for use in container.uses]
    uses += [use for volume in volumes for use in _volume_uses(volume)]
    return PodFacts(
        name=metadata["name"],
        uid=metadata["uid"],
        workload=workload,
        phase=status.get("phase", "Unknown"),
        ready=_condition(status, "Ready"),
        ready_since=_changed(status, "Ready"),
        deleting="deletionTimestamp" in metadata,
        node=spec.get("nodeName", ""),
        address=status.get("podIP", ""),
        containers=containers,
        uses=tuple(dict.fromkeys(uses)),
        mounts=tuple(_mounts(spec)),
    )


def workload(kind: str, found: Object) -> WorkloadFacts:
    """Read a Deployment or a StatefulSet; the API omits counts of 0."""
    metadata, spec, status = _parts(found)
    return WorkloadFacts(
        kind=kind,
        name=metadata["name"],
        wanted=spec.get("replicas", 1),
        ready=status.get("readyReplicas", 0),
        current=status.get("updatedReplicas", 0),
        observed=status.get("observedGeneration", 0) >= metadata.get("generation", 0),
    )


def node(found: Object) -> NodeFacts:
    """Read a Node."""
    metadata, _, status = _parts(found)
    version = (status.get("nodeInfo") or {}).get("kubeletVersion", "")
    return NodeFacts(metadata["name"], _condition(status, "Ready"), version)


def claim(found: Object) -> ClaimFacts:
    """Read a PersistentVolumeClaim."""
    metadata, spec, status = _parts(found)
    return ClaimFacts(
        name=metadata["name"],
        phase=status.get("phase", "Unknown"),
        volume=spec.get("volumeName", ""),
        storage_class=spec.get("storageClassName", ""),
    )


def ingress(found: Object) -> IngressFacts:
    """Read an Ingress."""
    metadata, spec, status = _parts(found)
    published = (status.get("loadBalancer") or {}).get("ingress") or ()
    return IngressFacts(
        name=metadata["name"],
        ingress_class=spec.get("ingressClassName", ""),
        hosts=tuple(rule["host"] for rule in spec.get("rules") or () if rule.get("host")),
        addresses=tuple(each.get("ip") or each.get("hostname", "") for each in published),
    )


def _parts(found: Object) -> tuple[Object, Object, Object]:
    return found["metadata"], found.get("spec") or {}, found.get("status") or {}


def _condition(status: Object, wanted: str) -> bool:
    return any(
        each.get("type") == wanted and each.get("status") == "True"
        for each in status.get("conditions") or ()
    )


def _changed(status: Object, wanted: str) -> str:
    return next(
        (
            each.get("lastTransitionTime", "")
            for each in status.get("conditions") or ()
            if each.get("type") == wanted
        ),
        "",
    )


def _container(spec: Object, status: Object, *, init: bool) -> ContainerFacts:
    environment = spec.get("env") or ()
    literals = [(each["name"], each["value"]) for each in environment if each.get("value")]
    for part in ("command", "args"):
        literals += [(part, text) for text in spec.get(part) or ()]
    uses = [
        use
        for each in environment
        if (use := _use((each.get("valueFrom") or {}).get("secretKeyRef")))
    ]
    uses += [
        SecretUse(reference["name"], None, bool(reference.get("optional")))
        for source in spec.get("envFrom") or ()
        if (reference := source.get("secretRef"))
    ]
    return ContainerFacts(
        name=spec["name"],
        image=spec.get("image", ""),
        image_id=status.get("imageID", ""),
        init=init,
        ready=bool(status.get("ready")),
        started=bool(status.get("started")) or (init and bool(status.get("ready"))),
        restarts=int(status.get("restartCount", 0)),
        state=_state(status.get("state") or {}),
        explanation=((status.get("state") or {}).get("waiting") or {}).get("message", ""),
        probes=tuple(name for name in PROBES if spec.get(f"{name}Probe")),
        seconds_to_notice=_seconds_to_notice(spec.get("readinessProbe")),
        literals=tuple(literals),
        uses=tuple(uses),
    )


def _seconds_to_notice(probe: Object | None) -> float:
    """Return how long a probe takes to report a failure, with the API's defaults."""
    if not probe:
        return 0.0
    failures, period = probe.get("failureThreshold", 3), probe.get("periodSeconds", 10)
    return float(failures * period + probe.get("timeoutSeconds", 1))


def _mounts(spec: Object) -> list[Mount]:
    claims = {
        volume["name"]: volume["persistentVolumeClaim"]["claimName"]
        for volume in spec.get("volumes") or ()
        if volume.get("persistentVolumeClaim")
    }
    return [
        Mount(container["name"], mount["mountPath"], claims.get(mount["name"], ""))
        for container in spec.get("containers") or ()
        for mount in container.get("volumeMounts") or ()
    ]


def _state(state: Object) -> str:
    if "running" in state:
        return "running"
    if "terminated" in state:
        return "terminated"
    return str((state.get("waiting") or {}).get("reason", "unknown"))


def _use(reference: Object | None) -> SecretUse | None:
    if not reference:
        return None
    return SecretUse(reference["name"], reference["key"], bool(reference.get("optional")))


def _volume_uses(volume: Object) -> Sequence[SecretUse]:
    sources = [volume, *((volume.get("projected") or {}).get("sources") or ())]
    uses = []
    for source in sources:
        secret = source.get("secret")
        if not secret:
            continue
        name = secret.get("secretName") or secret.get("name", "")
        optional = bool(secret.get("optional"))
        keys = [item["key"] for item in secret.get("items") or ()]
        uses += [SecretUse(name, key, optional) for key in keys or (None,)]
    return uses
