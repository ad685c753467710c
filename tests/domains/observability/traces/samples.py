"""Traces as Jaeger returns them, for tests that break one thing in them."""

from __future__ import annotations

from typing import Any

from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
from acceptance.domains.observability.drivers.jaeger import Span, Trace
from acceptance.drivers.browser import BrowserFacts, SentContext

TRACE = "0af7" * 8
ENDPOINT = MonitoringEndpoint("jaeger", "monitoring/jaeger", "/jaeger")
CALLS = ("create", "add", "add-2", "pay")
FACTS = BrowserFacts(
    address="https://checkout.local/",
    console_errors=(),
    failed_requests=(),
    exceptions=(),
    responses=1,
    page_width=1,
    contexts=tuple(SentContext(f"POST /{each}", TRACE, each, recorded=True) for each in CALLS),
)


def span(own: str, parent: str, service: str, kind: str, **changes: Any) -> Span:  # noqa: ANN401
    """A span whose id and name are `own`, from 1,000,000 to 2,000,000 unless changed."""
    values: dict[str, Any] = {
        "id": own,
        "parent": parent,
        "service": service,
        "name": own,
        "kind": kind,
        "start": 1_000_000,
        "duration": 1_000_000,
        "failed": False,
        "attributes": (),
        "resource": (),
    }
    return Span(**values | changes)


def call(name: str) -> list[Span]:
    """The spans of one call: browser, ingress, pod, and one statement."""
    statement = (("db.query.text", "SELECT %s"), ("db.collection.name", name))
    return [
        span(name, "root", "checkout-browser", "client"),
        span(f"{name}-in", name, "ingress", "server"),
        span(f"{name}-out", f"{name}-in", "ingress", "client"),
        span(f"{name}-served", f"{name}-out", "checkout-backend", "server"),
        span(f"{name}-sql", f"{name}-served", "checkout-backend", "client", attributes=statement),
    ]


def whole() -> list[Span]:
    """The spans of a checkout that is one trace."""
    root = span("root", "", "checkout-browser", "internal", name="checkout")
    return [root, *(each for name in CALLS for each in call(name))]


def trace(spans: list[Span]) -> Trace:
    """A trace of these spans."""
    return Trace(ENDPOINT, TRACE, tuple(spans), "")


def as_jaeger(spans: list[Span]) -> dict[str, Any]:
    """What Jaeger answers when it is asked for a trace of these spans."""
    return {
        "data": [
            {
                "traceID": TRACE,
                "spans": [_encoded(each) for each in spans],
                "processes": {
                    each.service: {
                        "serviceName": each.service,
                        "tags": [{"key": k, "value": v} for k, v in each.resource],
                    }
                    for each in spans
                },
            }
        ]
    }


def _encoded(each: Span) -> dict[str, Any]:
    tags: list[dict[str, Any]] = [{"key": key, "value": value} for key, value in each.attributes]
    tags.append({"key": "span.kind", "value": each.kind})
    tags.append({"key": "otel.scope.name", "value": "some library"})
    if each.failed:
        tags.append({"key": "error", "value": True})
    parent = [{"refType": "CHILD_OF", "spanID": each.parent}] if each.parent else []
    return {
        "spanID": each.id,
        "operationName": each.name,
        "references": [{"refType": "FOLLOWS_FROM", "spanID": "x"}, *parent],
        "startTime": each.start,
        "duration": each.duration,
        "tags": tags,
        "processID": each.service,
    }
