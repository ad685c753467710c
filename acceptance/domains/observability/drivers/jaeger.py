"""Asks Jaeger for traces, by the HTTP API of its page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.domains.observability.drivers.endpoints import ask, objects
from acceptance.domains.observability.drivers.trace_store_access import TraceStoreAccess
from acceptance.drivers.kubernetes.client import Refused

if TYPE_CHECKING:
    from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
    from acceptance.drivers.http import Reply
    from acceptance.drivers.kubernetes.client import Kubernetes

PROGRAMS = ("jaeger",)
"""The label's values by which a Jaeger is found."""
_NOT_FOUND = 404
_SCOPE = "otel.scope."
_STATUS = ("error", "otel.status_code", "otel.status_description", "span.kind")
"""Tags that Jaeger makes of the fields of a span."""


@dataclass(frozen=True)
class Span:
    """One span of a trace."""

    id: str
    parent: str
    """The id of its parent; empty if it has none."""
    service: str
    name: str
    kind: str
    """server, client or internal."""
    start: int
    """Microseconds since 1970."""
    duration: int
    """Microseconds."""
    failed: bool
    attributes: tuple[tuple[str, str], ...]
    resource: tuple[tuple[str, str], ...]

    @property
    def end(self) -> int:
        """Microseconds since 1970."""
        return self.start + self.duration

    def attribute(self, name: str) -> str:
        """Return the value of an attribute; empty if the span has none of that name."""
        return dict(self.attributes).get(name, "")

    def __str__(self) -> str:
        """Return its service and name."""
        return f"{self.service}: {self.name}"


@dataclass(frozen=True)
class Trace:
    """All spans of a trace, in the order of their start; `refused` says why Jaeger gave none."""

    endpoint: MonitoringEndpoint
    id: str
    spans: tuple[Span, ...]
    refused: str


class Jaeger:
    """One Jaeger of a cluster, as its reader.

    One that serves HTTPS is asked at its own port, with the certificate of a reader. Any other is
    asked through the API server's proxy.
    """

    def __init__(self, cluster: Kubernetes, endpoint: MonitoringEndpoint) -> None:
        """Ask the Jaeger at `endpoint`."""
        self._cluster = cluster
        self._endpoint = endpoint
        self._access = TraceStoreAccess(cluster, endpoint) if endpoint.secure else None

    def trace(self, trace_id: str) -> Trace:
        """Return a trace; one that Jaeger does not know has no spans."""
        try:
            reply = self._ask(f"/api/traces/{trace_id}")
        except Refused as error:
            return Trace(self._endpoint, trace_id, (), str(error))
        if reply.status == _NOT_FOUND:
            return Trace(self._endpoint, trace_id, (), "")
        found: Any = reply.json() if reply.succeeded else None
        try:
            spans = [span for each in found["data"] for span in _spans(each)]
        except (TypeError, KeyError):
            return Trace(self._endpoint, trace_id, (), str(reply))
        spans.sort(key=lambda span: span.start)
        return Trace(self._endpoint, trace_id, tuple(spans), "")

    def _ask(self, path: str) -> Reply:
        if self._access is None:
            return ask(self._cluster, self._endpoint, path)
        return self._access.ask(path, by=self._access.reader)


def _spans(trace: dict[str, Any]) -> list[Span]:
    return [_span(each, trace["processes"][each["processID"]]) for each in trace["spans"]]


def _span(found: dict[str, Any], process: dict[str, Any]) -> Span:
    tags = _tags(found.get("tags"))
    parents = [
        each["spanID"]
        for each in objects(found.get("references"))
        if each.get("refType") == "CHILD_OF"
    ]
    return Span(
        id=found["spanID"],
        parent=parents[0] if parents else "",
        service=process["serviceName"],
        name=found["operationName"],
        kind=tags.get("span.kind", "internal"),
        start=int(found["startTime"]),
        duration=int(found["duration"]),
        failed=tags.get("error") == "True",
        attributes=tuple(
            (name, value)
            for name, value in tags.items()
            if name not in _STATUS and not name.startswith(_SCOPE)
        ),
        resource=tuple(_tags(process.get("tags")).items()),
    )


def _tags(found: Any) -> dict[str, str]:  # noqa: ANN401 (another program's JSON)
    return {each["key"]: str(each["value"]) for each in objects(found)}
