"""Collects the system's objects, events and logs at the moment in which a scenario fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acceptance.actor import Actor
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.drivers.kubernetes.facts import Object

_LOG_LINES = 100
_KINDS = (
    "pods",
    "deployments",
    "statefulsets",
    "services",
    "endpointslices",
    "ingresses",
    "persistentvolumeclaims",
)


class Diagnostics(Actor):
    """Collects objects, events and logs as evidence of a failure, and checks nothing."""

    def collect(self) -> None:
        """Keep the system's objects, their events and the ends of their logs.

        What could not be read is replaced by the reason: it must not hide the first failure.
        """
        self._keep("Objects at the failure", pretty(self._read(self._objects)))
        self._keep("Events at the failure", pretty(self._read(self._events)))
        self._keep("Logs at the failure", str(self._read(self._logs)), "text")

    def _objects(self) -> dict[str, object]:
        namespace = self.system.namespace
        return {
            kind: [_short(each) for each in self._cluster.items(api_path(kind, namespace))]
            for kind in _KINDS
        }

    def _events(self) -> list[dict[str, object]]:
        found = self._cluster.events(self.system.namespace)
        events = [
            {
                "time": each.get("lastTimestamp") or each.get("eventTime"),
                "object": "{kind}/{name}".format(**each["involvedObject"]),
                "type": each.get("type"),
                "reason": each.get("reason"),
                "message": each.get("message"),
                "count": each.get("count", 1),
            }
            for each in found
        ]
        return sorted(events, key=lambda event: str(event["time"]))

    def _logs(self) -> str:
        namespace = self.system.namespace
        parts = []
        for pod in self._cluster.pods(namespace):
            for container in pod.containers:
                for previous in (False, True) if container.restarts else (False,):
                    text = self._cluster.log(
                        namespace, pod.name, container.name, previous=previous, lines=_LOG_LINES
                    )
                    when = ", before its restart" if previous else ""
                    parts.append(f"==> {pod.name}/{container.name}{when}\n{text or '(nothing)'}")
        return "\n".join(parts) or "There is no pod."

    def _read(self, ask: Callable[[], Any]) -> object:
        try:
            return ask()
        except Refused as error:
            return f"Could not be read: {error}"


def _short(found: Object) -> dict[str, Any]:
    """Return the object without what only the API server needs."""
    metadata = {key: value for key, value in found["metadata"].items() if key != "managedFields"}
    return {**found, "metadata": metadata}
