"""Records who rotated what, and when: a line of JSON for each step, and an Event in the cluster.

Only names are recorded: there is no parameter that could bring a value.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from acceptance.drivers.kubernetes.paths import api_path
from operations.rotation.state import PASSWORD, SIGNING

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.drivers.kubernetes.client import Kubernetes
    from operations.rotation.state import Rotation
    from operations.rotation.target import RotationTarget

_REASON = "SecretRotation"
"""Of the Events: `kubectl get events --field-selector reason=SecretRotation`."""
_COMPONENT = "operations-rotate"


def now() -> str:
    """Return the time in ISO 8601, as Kubernetes writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class AuditTrail:
    """Records each step twice: for whoever watches, and in the cluster."""

    def __init__(
        self, kubernetes: Kubernetes, target: RotationTarget, who: str, write: Callable[[str], None]
    ) -> None:
        """Record what `who` does to `target`; `write` gets the lines."""
        self._kubernetes = kubernetes
        self._target = target
        self.who = who
        self._write = write

    def record(self, event: str, rotation: Rotation) -> None:
        """Record a step. Raises `Refused` if the cluster does not take the Event."""
        at = now()
        line: dict[str, object] = {
            "time": at,
            "event": event,
            "rotation": rotation.id,
            "phase": rotation.phase,
            "who": self.who,
            "begun_by": rotation.who,
            "namespace": self._target.namespace,
            "secret": self._target.secret,
            "keys": [PASSWORD, SIGNING],
            "database_users": {"old": rotation.old_user, "new": rotation.new_user},
        }
        self._kubernetes.create(
            api_path("events", self._target.namespace), self._event_object(line, at)
        )
        self._write(json.dumps(line))

    def _event_object(self, line: dict[str, object], at: str) -> dict[str, object]:
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": "secret-rotation-"},
            "involvedObject": {
                "apiVersion": "v1",
                "kind": "Secret",
                "name": self._target.secret,
                "namespace": self._target.namespace,
            },
            "type": "Normal",
            "reason": _REASON,
            "message": json.dumps(line),
            "firstTimestamp": at,
            "lastTimestamp": at,
            "count": 1,
            "source": {"component": _COMPONENT},
            "reportingComponent": _COMPONENT,
            "reportingInstance": self.who,
        }
