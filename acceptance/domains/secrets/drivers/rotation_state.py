"""Reads what a secret rotation writes, in the format of docs/operations/secret-rotation.md.

The page is the contract: nothing here knows the program that writes it.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object

PHASES = ("begun", "offered", "switched", "settled", "retired")
"""The phases that a rotation reaches, in order; after the last one it is finished."""

_USER, _PASSWORD = "DATABASE_USER", "DATABASE_PASSWORD"
_REFERENCES = (_USER, _PASSWORD, "SIGNING_KEY", "SIGNING_KEY_ACCEPTED")
_DATABASE = "DATABASE_NAME"
_SETTINGS = (_DATABASE, "DATABASE_OWNER", _USER)
_UNDER_WAY = "acceptance.checkout/rotation"
_LAST = "acceptance.checkout/last-rotation"
_REASON = "SecretRotation"


@dataclass(frozen=True)
class BackendConfiguration:
    """What the backend's Deployment takes from its Secret and its ConfigMaps."""

    secret: str
    """The Secret that holds its DATABASE_PASSWORD; empty if none does."""
    missing: tuple[str, ...]
    """What a rotation needs, and the Deployment takes from neither."""
    database: str
    """The name of the database."""
    first_user: str
    """The role that logs in as long as the Secret names none."""


@dataclass(frozen=True)
class RotatedSecret:
    """The Secret of the backend, and what a rotation has written on it."""

    values: Mapping[str, str] = field(repr=False)
    """The secret values by key; the name of the role in use is none."""
    user: str
    """The role in use."""
    under_way: bool
    """Whether a rotation has begun and is not finished."""
    last_rotation: str
    """The last complete rotation, as JSON; empty if there was none."""

    @property
    def password(self) -> str:
        """The password in use; empty if there is none."""
        return self.values.get(_PASSWORD, "")


@dataclass(frozen=True)
class AuditLine:
    """A step of a rotation, as a line of its output says it; what it does not say is empty."""

    event: str
    rotation: str
    """The id of the rotation."""
    phase: str
    who: str
    time: str
    keys: tuple[str, ...]


def read_backend_configuration(
    cluster: Kubernetes, namespace: str, backend: str
) -> BackendConfiguration | None:
    """Read the Deployment `backend`; None if there is none. Raises `Refused`."""
    found = cluster.read(api_path("deployments", namespace, backend))
    if found is None:
        return None
    for container in found["spec"]["template"]["spec"]["containers"]:
        references = dict(_references(container))
        if _PASSWORD not in references:
            continue
        secret = references[_PASSWORD][0]
        configured = _configured(cluster, namespace, container)
        missing = [key for key in _REFERENCES if references.get(key) != (secret, key)]
        missing += [key for key in _SETTINGS if not configured.get(key)]
        return BackendConfiguration(
            secret,
            tuple(dict.fromkeys(missing)),
            configured.get(_DATABASE, ""),
            configured.get(_USER, ""),
        )
    return BackendConfiguration("", _REFERENCES, "", "")


def read_rotated_secret(
    cluster: Kubernetes, namespace: str, backend: BackendConfiguration
) -> RotatedSecret | None:
    """Read the Secret of the backend; None if it is not there. Raises `Refused`."""
    found = cluster.read(api_path("secrets", namespace, backend.secret))
    if found is None:
        return None
    annotations = found["metadata"].get("annotations") or {}
    values = {
        key: base64.b64decode(value).decode("utf-8")
        for key, value in (found.get("data") or {}).items()
    }
    user = values.pop(_USER, backend.first_user)
    return RotatedSecret(
        values, user, bool(annotations.get(_UNDER_WAY)), annotations.get(_LAST, "")
    )


def read_pod_phases(cluster: Kubernetes, namespace: str, backend: str) -> tuple[str, ...]:
    """Return for which phase each pod of the backend was started; empty for one from before.

    Raises `Refused`.
    """
    marks = [
        (pod["metadata"].get("annotations") or {}).get(_UNDER_WAY, "")
        for pod in cluster.pod_objects(namespace, backend)
    ]
    return tuple(mark.partition(" ")[2] for mark in marks)


def read_audit_events(cluster: Kubernetes, namespace: str) -> tuple[str, ...]:
    """Return the messages of the Events that rotations have recorded. Raises `Refused`."""
    events = cluster.events(namespace)
    return tuple(str(each["message"]) for each in events if each.get("reason") == _REASON)


def read_audit_lines(output: str) -> tuple[AuditLine, ...]:
    """Return the steps in the output of a rotation, in order; other lines are left out."""
    return tuple(found for line in output.splitlines() if (found := _audit_line(line)))


def _audit_line(line: str) -> AuditLine | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    if not isinstance(found, dict) or not {"event", "rotation"} <= found.keys():
        return None
    event, rotation, phase, who, time = (
        str(found.get(name) or "") for name in ("event", "rotation", "phase", "who", "time")
    )
    keys = found.get("keys")
    named = tuple(map(str, keys)) if isinstance(keys, list) else ()
    return AuditLine(event, rotation, phase, who, time, named)


def _references(container: Object) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each variable that comes from a Secret, with the Secret and its key."""
    for each in container.get("env") or ():
        reference = (each.get("valueFrom") or {}).get("secretKeyRef")
        if reference:
            yield each["name"], (reference["name"], reference["key"])


def _configured(cluster: Kubernetes, namespace: str, container: Object) -> Mapping[str, str]:
    """Return the variables that come from whole ConfigMaps."""
    config_maps = cluster.config_maps(namespace)
    found: dict[str, str] = {}
    for source in container.get("envFrom") or ():
        found |= config_maps.get((source.get("configMapRef") or {}).get("name", ""), {})
    return found
