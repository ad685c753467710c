"""Reads facts from Kubernetes objects as the API sends them, in JSON.

A missing field means what the API documents for it, never "fine".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from acceptance.drivers.kubernetes.facts import (
    ClaimFacts,
    ContainerFacts,
    IngressFacts,
    Mount,
    NodeFacts,
    PodFacts,
    SecretUse,
    WorkloadFacts,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.drivers.kubernetes.facts import Object

_DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
_METRICS_PORT = re.compile(r"(^|-)(metrics|prometheus|prom|telemetry|exporter)($|-)")


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
        unschedulable=_unschedulable(status),
        main_name=str((main_container(found, workload) or {}).get("name", "")),
    )


def main_container(found: Object, workload: str = "") -> Object | None:
    """Return the container that does a pod's work; the others are beside it. None without any.

    Their order says nothing: a mesh or a policy engine may put a sidecar first. So it is the one
    that kubectl takes, by its annotation; else the one that is called as the workload; else the
    first one with a port that is not for metrics; else the first.
    """
    metadata, spec, _ = _parts(found)
    containers: Sequence[Object] = spec.get("containers") or ()
    for name in ((metadata.get("annotations") or {}).get(_DEFAULT_CONTAINER), workload):
        for each in containers:
            if name and each["name"] == name:
                return each
    serving = (
        each
        for each in containers
        if any(not is_for_metrics(port) for port in each.get("ports") or ())
    )
    return next(serving, next(iter(containers), None))


def is_for_metrics(port: Object) -> bool:
    """Return whether a port of a Service or container is called one for metrics."""
    return bool(_METRICS_PORT.search(str(port.get("name", ""))))


def workload(kind: str, found: Object) -> WorkloadFacts:
    """Read a Deployment, a StatefulSet or a DaemonSet; the API omits counts of 0."""
    metadata, spec, status = _parts(found)
    observed = status.get("observedGeneration", 0) >= metadata.get("generation", 0)
    if kind == "DaemonSet":
        return WorkloadFacts(
            kind=kind,
            name=metadata["name"],
            wanted=status.get("desiredNumberScheduled", 0),
            ready=status.get("numberReady", 0),
            current=status.get("updatedNumberScheduled", 0),
            observed=observed,
        )
    return WorkloadFacts(
        kind=kind,
        name=metadata["name"],
        wanted=spec.get("replicas", 1),
        ready=status.get("readyReplicas", 0),
        current=status.get("updatedReplicas", 0),
        observed=observed,
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
        paths=tuple(
            (path.get("path", "/"), (path["backend"].get("service") or {}).get("name", ""))
            for rule in spec.get("rules") or ()
            for path in (rule.get("http") or {}).get("paths") or ()
        ),
    )


def _parts(found: Object) -> tuple[Object, Object, Object]:
    return found["metadata"], found.get("spec") or {}, found.get("status") or {}


def _unschedulable(status: Object) -> str:
    """Return what the scheduler says of a pod that it finds no node for; empty if it does."""
    return next(
        (
            str(each.get("message") or each["reason"])
            for each in status.get("conditions") or ()
            if each["type"] == "PodScheduled" and each.get("reason") == "Unschedulable"
        ),
        "",
    )


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
        seconds_to_notice=_seconds_to_notice(spec.get("readinessProbe")),
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
