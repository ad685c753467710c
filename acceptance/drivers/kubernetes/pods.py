"""The pods that the suite itself creates: the Pod Security Standard `restricted` admits them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CONTAINER = "probe"
"""The name of a pod's only container, where no other is given."""


def hardened_pod(
    name: str,
    image: str,
    command: Sequence[str],
    *,
    labels: Mapping[str, str],
    container: str = CONTAINER,
    namespace: str = "",
    spec: Mapping[str, Any] | None = None,
    **fields: object,
) -> dict[str, Any]:
    """Return a pod with one hardened container, called `container`, which runs `command` once.

    `spec` adds fields to the pod's specification, or replaces them; `fields` do so for the
    container. Without a namespace the pod belongs to the one that it is posted to.
    """
    where = {"namespace": namespace} if namespace else {}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, **where, "labels": dict(labels)},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 1,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65534,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [hardened_container(container, image, command, **fields)],
            **(spec or {}),
        },
    }


def hardened_container(
    name: str, image: str, command: Sequence[str], **fields: object
) -> dict[str, Any]:
    """Return a container of such a pod; `fields` adds fields or replaces them."""
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": list(command),
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        **fields,
    }
