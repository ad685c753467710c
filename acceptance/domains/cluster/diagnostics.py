"""The witness: writes down how the system is at the moment in which a scenario fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acceptance.actor import Actor
from acceptance.drivers.kubernetes.client import Refused, pretty

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.drivers.kubernetes.facts import Object

_LOG_LINES = 100
_KINDS = (
    "/api/v1/namespaces/{}/pods",
    "/apis/apps/v1/namespaces/{}/deployments",
    "/apis/apps/v1/namespaces/{}/statefulsets",
    "/api/v1/namespaces/{}/services",
    "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices",
    "/apis/networking.k8s.io/v1/namespaces/{}/ingresses",
    "/api/v1/namespaces/{}/persistentvolumeclaims",
)


class Diagnostics(Actor):
    """Somebody who looks at everything and judges nothing."""

    def collect(self) -> None:
        """Keep the system's objects, their events and the ends of their logs.

        What cannot be had is said in its place: a failure is never hidden by another one.
        """
        self._keep("Objects at the failure", pretty(self._told(self._objects)))
        self._keep("Events at the failure", pretty(self._told(self._events)))
        self._keep("Logs at the failure", str(self._told(self._logs)), "text")

    def _objects(self) -> dict[str, object]:
        namespace = self.system.namespace
        return {
            path.rpartition("/")[2]: [_short(each) for each in self._cluster.items(path)]
            for path in (kind.format(namespace) for kind in _KINDS)
        }

    def _events(self) -> list[dict[str, object]]:
        found = self._cluster.events(self.system.namespace)
        told = [
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
        return sorted(told, key=lambda event: str(event["time"]))

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

    def _told(self, ask: Callable[[], Any]) -> object:
        try:
            return ask()
        except Refused as error:
            return f"Not to be had: {error}"


def _short(found: Object) -> dict[str, Any]:
    """Leave out what only the API server needs."""
    metadata = {key: value for key, value in found["metadata"].items() if key != "managedFields"}
    return {**found, "metadata": metadata}
