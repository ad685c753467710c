"""The pods that the suite itself makes, as the Pod Security Standard "restricted" admits them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acceptance.build.manifests import RUN_LABEL

if TYPE_CHECKING:
    from collections.abc import Sequence

CONTAINER = "probe"
"""The name of the only container of such a pod."""


def probe_pod(name: str, image: str, command: Sequence[str], run: str) -> dict[str, Any]:
    """Return a pod with one container, called `CONTAINER`, that belongs to the run `run`."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {RUN_LABEL: run}},
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
            "containers": [container(CONTAINER, image, command)],
        },
    }


def container(name: str, image: str, command: Sequence[str]) -> dict[str, Any]:
    """Return a container of such a pod."""
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
    }
