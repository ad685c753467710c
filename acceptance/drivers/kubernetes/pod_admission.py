"""Asks the API server to admit pods that a Pod Security Standard forbids, as dry runs.

Each pod is a hardened one with a single forbidden field. Nothing is created.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.build.manifests import RUN_LABEL
from acceptance.drivers.kubernetes.client import DRY_RUN
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.drivers.kubernetes.pod_security_standard import CONTAINER, EPHEMERAL, INIT, POD
from acceptance.drivers.kubernetes.pods import hardened_container, hardened_pod

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acceptance.drivers.http import Reply
    from acceptance.drivers.kubernetes.admission_engines import AdmissionEngine
    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.pod_security_standard import ForbiddenField

UNSCHEDULED = "acceptance-unscheduled"
"""The name of `unscheduled_pod`."""
_STRATEGIC = {"Content-Type": "application/strategic-merge-patch+json"}
_IMAGE = "localhost/nobody/runs:this"
_COMMAND = ("/nothing",)


@dataclass(frozen=True)
class AdmissionRequest:
    """A pod to be created, or an ephemeral container to be added to one."""

    ephemeral: bool
    body: dict[str, Any]


def request_without(field: ForbiddenField, run: str) -> AdmissionRequest:
    """Return the request for the hardened pod, without the forbidden field."""
    return _request(field, run, forbidden=False)


def request_with(field: ForbiddenField, run: str) -> AdmissionRequest:
    """Return the same request with the forbidden field."""
    return _request(field, run, forbidden=True)


def send_request(
    cluster: Kubernetes, namespace: str, request: AdmissionRequest, pod: str = ""
) -> Reply:
    """Return the API server's answer; an ephemeral container would be added to `pod`."""
    if request.ephemeral:
        path = api_path("pods", namespace, pod, "ephemeralcontainers")
        return cluster.send("PATCH", path, request.body, headers=_STRATEGIC, query=DRY_RUN)
    return cluster.send("POST", api_path("pods", namespace), request.body, query=DRY_RUN)


def is_asked_last(cluster: Kubernetes, engine: AdmissionEngine) -> bool:
    """Return whether an engine is asked only for what the API's own admission has accepted.

    The API server asks engines that validate after the rules of the API and after Pod Security
    Admission (Kubernetes: kubeapiserver/options/plugins.go). One that changes objects is asked
    first, so its refusal says nothing. Raises `Inaccessible` where the configuration of webhooks
    may not be listed.
    """
    if not engine.webhook:
        return True
    changing, validating = (
        {
            str(each["name"])
            for found in cluster.items(api_path(f"{kind}webhookconfigurations"))
            for each in found.get("webhooks") or ()
        }
        for kind in ("mutating", "validating")
    )
    return engine.name in validating - changing


def unrestricted_namespace(name: str, run: str) -> dict[str, Any]:
    """Return a namespace whose admission refuses no pod."""
    labels = {RUN_LABEL: run, "pod-security.kubernetes.io/enforce": "privileged"}
    metadata = {"name": name, "labels": labels}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def unscheduled_pod(run: str) -> dict[str, Any]:
    """Return a pod that never gets a node, to which ephemeral containers can be added."""
    labels, spec = {RUN_LABEL: run}, {"schedulerName": "nobody"}
    return hardened_pod(UNSCHEDULED, _IMAGE, _COMMAND, labels=labels, spec=spec)


def _request(field: ForbiddenField, run: str, *, forbidden: bool) -> AdmissionRequest:
    # It keeps running, as only such an init container may have probes.
    first = hardened_container("first", _IMAGE, _COMMAND, restartPolicy="Always")
    pod = hardened_pod(
        "acceptance-forbidden",
        _IMAGE,
        _COMMAND,
        labels={RUN_LABEL: run},
        spec={"initContainers": [first]},
    )
    added = hardened_container("added", _IMAGE, _COMMAND)
    added.pop("resources")  # the API allows none for an ephemeral container
    own = pod["spec"]["containers"][0]
    target = {POD: pod, CONTAINER: own, INIT: first, EPHEMERAL: added}[field.where]
    for path, value in _required(field, forbidden=forbidden):
        _set(pod, path, value)
    if forbidden:
        for path, value in _implied(field):
            _set(target, path, value)
        _set(target, field.field, field.value)
        if field.field.endswith("hostProcess") and field.where != POD:
            for each in (first, own):  # the API demands it for all containers or none
                _set(each, field.field, field.value)
    if field.where == EPHEMERAL:
        return AdmissionRequest(ephemeral=True, body={"spec": {"ephemeralContainers": [added]}})
    return AdmissionRequest(ephemeral=False, body=pod)


def _required(field: ForbiddenField, *, forbidden: bool) -> Iterator[tuple[str, Any]]:
    """Yield further fields of the pod without which the API would call it invalid."""
    if field.field.endswith("procMount"):
        yield "spec.hostUsers", False
    if field.field.endswith("hostProcess") and forbidden:
        yield "spec.hostNetwork", True


def _implied(field: ForbiddenField) -> Iterator[tuple[str, Any]]:
    """Yield further fields of the same target without which the API would call it invalid."""
    if field.field.endswith("privileged"):
        yield "securityContext.allowPrivilegeEscalation", True


def _set(target: dict[str, Any], path: str, value: Any) -> None:  # noqa: ANN401 (YAML's)
    *parents, last = path.split(".")
    for name in parents:
        target = target.setdefault(name, {})
    if value is None:
        target.pop(last, None)
    else:
        target[last] = copy.deepcopy(value)
