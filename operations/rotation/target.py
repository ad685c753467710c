"""Finds what to rotate, by the references of the backend's Deployment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.drivers.kubernetes.paths import api_path
from acceptance.errors import BrokenInput, EnvironmentFailure
from operations.rotation.state import KEYS, PASSWORD, USER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object
    from acceptance.settings import Workloads

_NAME, _OWNER = "DATABASE_NAME", "DATABASE_OWNER"


@dataclass(frozen=True)
class RotationTarget:
    """The Secret of a system, and the workloads that depend on it."""

    namespace: str
    backend: str
    container: str
    """The backend's container that gets the secrets."""
    database: str
    secret: str
    database_name: str
    owner: str
    """The role that owns the data; those that log in act as it."""
    user: str
    """The role that logs in as long as the Secret names none."""


def find_target(kubernetes: Kubernetes, namespace: str, workloads: Workloads) -> RotationTarget:
    """Return what to rotate in the system in `namespace`.

    Raises `BrokenInput` if there is no backend, or it does not support rotation;
    `EnvironmentFailure` while it is deployed.
    """
    found = kubernetes.read(api_path("deployments", namespace, workloads.backend))
    if found is None:
        message = f"There is no Deployment {workloads.backend} in {namespace}. Try: --namespace"
        raise BrokenInput(message)
    if found["spec"].get("paused"):
        raise EnvironmentFailure(
            f"The Deployment {workloads.backend} is paused, as while it is deployed, so no "
            "pod would get new secrets. Try: again when that has ended"
        )
    for container in found["spec"]["template"]["spec"]["containers"]:
        references = _references(container)
        if PASSWORD not in references:
            continue
        secret = references[PASSWORD][0]
        missing = [key for key in KEYS if references.get(key) != (secret, key)]
        if missing:
            message = (
                f"The Deployment {workloads.backend} takes no {', '.join(missing)} from the Secret "
                f"{secret}, so its secrets cannot be rotated without turning visitors away. "
                "Try: docs/operations/secret-rotation.md"
            )
            raise BrokenInput(message)
        configured = _configured(kubernetes, namespace, container)
        absent = [key for key in (_NAME, _OWNER, USER) if not configured.get(key)]
        if absent:
            message = (
                f"No ConfigMap of the Deployment {workloads.backend} has {', '.join(absent)}. "
                "Try: docs/operations/secret-rotation.md"
            )
            raise BrokenInput(message)
        return RotationTarget(
            namespace,
            workloads.backend,
            container["name"],
            workloads.database,
            secret,
            configured[_NAME],
            configured[_OWNER],
            configured[USER],
        )
    message = (
        f"The Deployment {workloads.backend} takes no {PASSWORD} from a Secret, so there is "
        "nothing to rotate. Try: docs/operations/secret-rotation.md"
    )
    raise BrokenInput(message)


def _references(container: Object) -> dict[str, tuple[str, str]]:
    """Return the Secret and its key of each variable that comes from one."""
    return {
        each["name"]: (reference["name"], reference["key"])
        for each in container.get("env") or ()
        if (reference := (each.get("valueFrom") or {}).get("secretKeyRef"))
    }


def _configured(kubernetes: Kubernetes, namespace: str, container: Object) -> Mapping[str, str]:
    data: dict[str, str] = {}
    for source in container.get("envFrom") or ():
        name = (source.get("configMapRef") or {}).get("name")
        if name:
            found = kubernetes.read(api_path("configmaps", namespace, name))
            data |= (found or {}).get("data") or {}
    return data
