"""Traces, by OpenTelemetry: a span for each request, and below it one for each statement.

They are sent by a thread of their own, in batches from a bounded queue: no request waits for the
collector, and what it does not take is dropped. While it cannot be reached, nothing is recorded.
A span holds no value that a visitor sent, but for the id of the request.
"""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    ParentBased,
    Sampler,
    SamplingResult,
)
from opentelemetry.trace import INVALID_SPAN, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.datastructures import Headers

from checkout_backend.health import PROBES
from checkout_backend.logs import request_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import Link, Span, Tracer, TraceState
    from opentelemetry.util.types import Attributes
    from starlette.types import Scope

SERVICE = "checkout-backend"
_QUEUED_MOST = 2048
_BATCH_MOST = 512
_BATCH_SECONDS = 1.0
_EXPORT_SECONDS = 2
_RETRY_SECONDS = 2.0
_LONGEST_VALUE = 512

_log = logging.getLogger(__name__)
_propagator = TraceContextTextMapPropagator()


class Collector(SpanExporter):
    """Sends spans through another exporter, and knows whether they are taken."""

    def __init__(self, exporter: SpanExporter) -> None:
        """Begin to look for the collector; nothing waits for it."""
        self._exporter = exporter
        self._taken: bool | None = None
        self._stopped = threading.Event()
        threading.Thread(target=self._look, name="collector", daemon=True).start()

    @property
    def reachable(self) -> bool:
        """Whether the collector took what was sent last."""
        return self._taken is True

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send `spans`, and drop them if they are not taken."""
        try:
            result = self._exporter.export(spans)
        except Exception:  # noqa: BLE001 - whatever it is, the service goes on without traces
            result = SpanExportResult.FAILURE
        taken = result is SpanExportResult.SUCCESS
        if taken is not self._taken:
            _log.info("traces are recorded" if taken else "no traces: the collector is away")
        self._taken = taken
        return result

    def shutdown(self) -> None:
        """Stop looking for the collector."""
        self._stopped.set()
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Return at once: nothing is kept here."""
        return self._exporter.force_flush(timeout_millis)

    def _look(self) -> None:
        while not self._stopped.is_set():
            if not self._taken:
                self.export(())
            self._stopped.wait(_RETRY_SECONDS)


class WhileReachable(Sampler):
    """Samples what the caller samples, as long as the collector takes it.

    Which traces are kept is decided in one place, by the collector.
    """

    def __init__(self, collector: Collector) -> None:
        """Ask `collector`."""
        self._collector = collector
        self._parent = ParentBased(ALWAYS_ON)

    def should_sample(  # noqa: PLR0917 - as the SDK calls it
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Decide about a span that is about to begin."""
        sampler = self._parent if self._collector.reachable else ALWAYS_OFF
        return sampler.should_sample(
            parent_context, trace_id, name, kind, attributes, links, trace_state
        )

    def get_description(self) -> str:
        """Return the sampler's name."""
        return "WhileReachable"


class Tracing:
    """Begins the spans of requests; without a provider, none is recorded."""

    def __init__(self, provider: TracerProvider | None = None) -> None:
        """Record spans with `provider`."""
        self._provider = provider
        made = provider or trace.NoOpTracerProvider()
        self.tracer: Tracer = made.get_tracer("checkout_backend")

    @contextmanager
    def request(self, scope: Scope) -> Iterator[Span]:
        """Begin the span of a request, as a child of the caller's; of a probe there is none."""
        if self._provider is None or scope["path"] in PROBES:
            yield INVALID_SPAN
            return
        with self.tracer.start_as_current_span(
            "request",
            context=_propagator.extract(dict(Headers(scope=scope))),
            kind=SpanKind.SERVER,
            attributes={"request.id": request_id.get()},
            record_exception=False,  # its message may hold what a visitor sent; the log has it
            set_status_on_exception=False,
        ) as span:
            yield span

    def close(self) -> None:
        """Send what is queued, and stop."""
        if self._provider is not None:
            self._provider.shutdown()


def connect(endpoint: str, *, version: str, pod_name: str) -> Tracing:
    """Return a `Tracing` that sends to the collector at `endpoint`; with "", one that is off."""
    if not endpoint:
        return Tracing()
    # The exporter's own words: each lost batch, and each retry. `Collector` tells of changes.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    address = endpoint.rstrip("/") + "/v1/traces"
    return record(
        Collector(OTLPSpanExporter(endpoint=address, timeout=_EXPORT_SECONDS)),
        version=version,
        pod_name=pod_name,
    )


def record(collector: Collector, *, version: str, pod_name: str) -> Tracing:
    """Return a `Tracing` whose spans are sent by `collector`."""
    provider = TracerProvider(
        sampler=WhileReachable(collector),
        resource=Resource.create(
            {"service.name": SERVICE, "service.version": version, "k8s.pod.name": pod_name}
        ),
        shutdown_on_exit=False,
        span_limits=SpanLimits(max_span_attribute_length=_LONGEST_VALUE),
    )
    provider.add_span_processor(
        BatchSpanProcessor(
            collector,
            max_queue_size=_QUEUED_MOST,
            max_export_batch_size=min(_QUEUED_MOST, _BATCH_MOST),
            schedule_delay_millis=_BATCH_SECONDS * 1000,
            export_timeout_millis=_EXPORT_SECONDS * 1000,
        )
    )
    return Tracing(provider)


def describe_answer(span: Span, method: str, route: str, status: int) -> None:
    """Name the span of a request that was answered; what the service did wrong is an error."""
    if not span.is_recording():
        return
    span.update_name(f"{method} {route}")
    span.set_attributes(
        {"http.request.method": method, "http.route": route, "http.response.status_code": status}
    )
    if not status or status >= 500:  # noqa: PLR2004
        span.set_attribute("error.type", str(status))
        span.set_status(Status(StatusCode.ERROR))


def trace_response(span: Span) -> str:
    """Return the header `traceresponse` (W3C Trace Context, level 2); "" if nothing is recorded."""
    if not span.is_recording():
        return ""
    found = span.get_span_context()
    return f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}"


def recorded_ids(span: Span) -> dict[str, str]:
    """Return the ids of a span that is recorded, for its exemplar; none of another one."""
    if not span.is_recording():
        return {}
    found = span.get_span_context()
    return {"trace_id": f"{found.trace_id:032x}", "span_id": f"{found.span_id:016x}"}
