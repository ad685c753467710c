"""Sends spans as a browser does: by OTLP over HTTP in JSON, through the ingress."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from acceptance.drivers.http import Http, Reply

_PATH = "/otlp/v1/traces"
_INTERNAL = 1


def send_span(http: Http, trace_id: str, service: str) -> Reply:
    """Send a span of this moment in the name of `service`; the sending itself is not recorded."""
    headers = {"traceparent": f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-00"}
    return http.send("POST", _PATH, body=span_of(trace_id, service), headers=headers)


def span_of(trace_id: str, service: str) -> dict[str, Any]:
    """Return the body of a request with one span of this moment in the name of `service`."""
    now = str(time.time_ns())
    span = {
        "traceId": trace_id,
        "spanId": uuid.uuid4().hex[:16],
        "name": "sent by a visitor",
        "kind": _INTERNAL,
        "startTimeUnixNano": now,
        "endTimeUnixNano": now,
    }
    name = {"key": "service.name", "value": {"stringValue": service}}
    return {
        "resourceSpans": [{"resource": {"attributes": [name]}, "scopeSpans": [{"spans": [span]}]}]
    }
