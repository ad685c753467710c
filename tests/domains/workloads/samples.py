"""Pods with probes, as the API sends them."""

from __future__ import annotations

from typing import Any

from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.workloads.drivers.probes import ProbedContainer, probed_containers

RUN = "1a2b"
START, READY = "2026-11-30T10:00:00Z", "2026-11-30T10:00:09Z"
PROBES: dict[str, Any] = {
    "startupProbe": {"periodSeconds": 1, "failureThreshold": 30},
    "readinessProbe": {"periodSeconds": 2, "timeoutSeconds": 3, "failureThreshold": 2},
    "livenessProbe": {"periodSeconds": 10, "timeoutSeconds": 3, "failureThreshold": 3},
}


def pod(
    workload: str,
    *names: str,
    name: str = "",
    uid: str = "",
    ready: bool = True,
    restarts: int = 0,
    without: str = "",
    kind: str = "ReplicaSet",
    probes: dict[str, Any] | None = None,
    restart_policy: str = "Always",
    phase: str = "Running",
    **annotations: str,
) -> dict[str, Any]:
    """Return a pod of a workload with these containers, which lack the probe `without`."""
    known = {key: each for key, each in (probes or PROBES).items() if key != f"{without}Probe"}
    names = names or ("main",)
    states = [
        {
            "name": each,
            "ready": ready,
            "started": ready,
            "restartCount": restarts,
            "containerID": f"containerd://{each}-id",
            "state": {"running": {"startedAt": START}},
        }
        for each in names
    ]
    owner = {"kind": kind, "name": f"{workload}-5d8" if kind == "ReplicaSet" else workload}
    return {
        "metadata": {
            "name": name or f"{workload}-0",
            "uid": uid or name or workload,
            "labels": {"pod-template-hash": "5d8", RUN_LABEL: RUN},
            "annotations": {f"checkout.probes/{k}": text for k, text in annotations.items()},
            **({"ownerReferences": [owner]} if kind else {}),
        },
        "spec": {
            "nodeName": "node",
            "restartPolicy": restart_policy,
            "containers": [{"name": each, **known} for each in names],
        },
        "status": {
            "phase": phase,
            "containerStatuses": states,
            "conditions": [{"type": "Ready", "status": str(ready), "lastTransitionTime": READY}],
        },
    }


def containers(*pods: dict[str, Any]) -> tuple[ProbedContainer, ...]:
    """Return the containers of these pods that run for long."""
    return probed_containers(pods, RUN)
