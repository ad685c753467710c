"""Who rotated what, and when: a line of JSON for each step, and an Event in the cluster.

Values have no place here: what is told are names, and whoever calls has no way to give more.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.drivers.kubernetes.client import Kubernetes
    from operations.rotation.state import Rotation
    from operations.rotation.target import Target

REASON = "SecretRotation"
"""Of the Events: `kubectl get events --field-selector reason=SecretRotation`."""
_COMPONENT = "acceptance-rotate"
_REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


def now() -> str:
    """Return the time in ISO 8601, as Kubernetes writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def whoami(kubernetes: Kubernetes) -> str:
    """Return the name under which the API server knows whoever asks.

    Source: Kubernetes API, SelfSubjectReview (authentication.k8s.io/v1).
    """
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = kubernetes.create(_REVIEW, body)
    assert answer is not None  # a review has no name that could be taken
    return str(answer["status"]["userInfo"]["username"])


class Audit:
    """Tells each step twice: to whoever watches, and to the cluster."""

    def __init__(
        self, kubernetes: Kubernetes, target: Target, who: str, say: Callable[[str], None]
    ) -> None:
        """Tell what `who` does to `target`; `say` gets the lines."""
        self._kubernetes = kubernetes
        self._target = target
        self.who = who
        self._say = say

    def tell(self, event: str, rotation: Rotation) -> None:
        """Tell of a step. Raises `Refused` if the cluster does not take the Event."""
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
            "keys": ["DATABASE_PASSWORD", "SIGNING_KEY"],
            "database_users": {"old": rotation.old_user, "new": rotation.new_user},
        }
        self._kubernetes.create(
            f"/api/v1/namespaces/{self._target.namespace}/events", self._event(line, at)
        )
        self._say(json.dumps(line))

    def _event(self, line: dict[str, object], at: str) -> dict[str, object]:
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
            "reason": REASON,
            "message": json.dumps(line),
            "firstTimestamp": at,
            "lastTimestamp": at,
            "count": 1,
            "source": {"component": _COMPONENT},
            "reportingComponent": _COMPONENT,
            "reportingInstance": self.who,
        }
