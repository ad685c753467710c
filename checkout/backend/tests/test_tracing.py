from __future__ import annotations

import json
import logging
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest
from certificates import self_signed
from memory import MemoryStore
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, StatusCode
from postgres_server import PostgresServer
from server_under_test import POD, Service, problem, request_lines, serving

from checkout_backend import tracing
from checkout_backend.logs import JsonFormatter
from checkout_backend.postgres import PostgresStore, parameters
from checkout_backend.tracing import Collector, Tracing

TRACE = "0af7" * 8
CALLER = "b7ad" * 4
CALLED = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
OPEN_METRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}


class Spans(SpanExporter):
    """Keeps what it is sent; can be told to be away, or not to answer."""

    def __init__(self) -> None:
        """Begin with none."""
        self.kept: list[ReadableSpan] = []
        self.away = False
        self.silent: threading.Event | None = None

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Keep `spans`."""
        if self.silent and spans:
            self.silent.wait(10)
        if self.away:
            raise ConnectionError("nobody listens")
        self.kept += spans
        return SpanExportResult.SUCCESS

    def await_spans(self, count: int) -> list[ReadableSpan]:
        """Return all spans once there are `count` of them."""
        deadline = time.monotonic() + 5
        while len(self.kept) < count:
            assert time.monotonic() < deadline, f"only {[span.name for span in self.kept]}"
            time.sleep(0.01)
        return self.kept


@contextmanager
def recording(spans: Spans, *, reachable: bool = True) -> Iterator[Tracing]:
    """Record into `spans`, from when the collector was found."""
    collector = Collector(spans)
    made = tracing.record(collector, version="1", pod_name=POD)
    deadline = time.monotonic() + 5
    while collector.reachable is not reachable:
        assert time.monotonic() < deadline, "the collector was not found"
        time.sleep(0.005)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spans are sent at once, so that no test waits for a batch."""
    monkeypatch.setattr(tracing, "_BATCH_SECONDS", 0.01)


@pytest.fixture
def spans() -> Spans:
    """What was sent to the collector."""
    return Spans()


@pytest.fixture
def traced(memory: MemoryStore, spans: Spans) -> Iterator[Service]:
    """A running service that records traces."""
    with recording(spans) as made, serving(memory, tracing=made) as service:
        yield service


@pytest.fixture
def in_postgres(migrated: PostgresServer, spans: Spans) -> Iterator[Service]:
    """The same over PostgreSQL."""
    with recording(spans) as made:
        store = PostgresStore(migrated.config, 4, made.tracer)
        store.open()
        with serving(store, tracing=made) as service:
            yield service
        store.close()


def test_a_request_is_a_span_of_its_caller(traced: Service, spans: Spans) -> None:
    """It is named by the route, and the answer names it."""
    reply = traced.client.get(
        "/api/checkouts/nobody?token=private", headers={**CALLED, "X-Request-Id": "r1"}
    )
    (span,) = spans.await_spans(1)
    assert span.name == "GET /api/checkouts/{checkout_id}"
    assert span.kind is SpanKind.SERVER
    assert span.context is not None and span.parent is not None
    assert f"{span.context.trace_id:032x}" == TRACE
    assert f"{span.parent.span_id:016x}" == CALLER
    assert dict(span.attributes or {}) == {
        "request.id": "r1",
        "http.request.method": "GET",
        "http.route": "/api/checkouts/{checkout_id}",
        "http.response.status_code": 404,
    }
    assert span.status.status_code is StatusCode.UNSET
    assert span.resource.attributes["service.name"] == "checkout-backend"
    assert span.resource.attributes["k8s.pod.name"] == POD
    assert reply.headers["Traceresponse"] == f"00-{TRACE}-{span.context.span_id:016x}-01"
    assert "private" not in span.to_json()


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_are_not_recorded(traced: Service, spans: Spans, path: str) -> None:
    """They come every few seconds, also when they name a caller."""
    reply = traced.client.get(path, headers=CALLED)
    assert "Traceresponse" not in reply.headers
    traced.client.get("/api/checkouts")
    assert [span.name for span in spans.await_spans(1)] == ["GET /api/checkouts"]


def test_a_failure_of_the_service_is_an_error(
    traced: Service, spans: Spans, memory: MemoryStore
) -> None:
    """One of the visitor is none."""
    memory.away = True
    try:
        problem(traced.client.get("/api/checkouts"), 503)
    finally:
        memory.away = False
    (span,) = spans.await_spans(1)
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "503"


def test_a_caller_that_records_nothing_is_followed(traced: Service, spans: Spans) -> None:
    """The first of a trace decides for all."""
    reply = traced.client.get("/api/checkouts", headers={"traceparent": f"00-{TRACE}-{CALLER}-00"})
    assert "Traceresponse" not in reply.headers
    traced.client.get("/api/checkouts", headers={"traceparent": "nonsense"})
    (span,) = spans.await_spans(1)
    assert span.parent is None


def test_a_log_line_leads_to_its_span(
    traced: Service, spans: Spans, caplog: pytest.LogCaptureFixture
) -> None:
    """By the ids of both."""
    caplog.handler.setFormatter(JsonFormatter([]))  # it writes while the span is the current one
    with caplog.at_level(logging.INFO, "checkout_backend"):
        traced.client.get("/api/checkouts", headers={**CALLED, "X-Request-Id": "r4"})
        request_lines(caplog, "r4")
    (span,) = spans.await_spans(1)
    assert span.context is not None
    lines = [json.loads(line) for line in caplog.text.splitlines()]
    (line,) = [line for line in lines if line.get("request_id") == "r4"]
    assert line["trace_id"] == TRACE
    assert line["span_id"] == f"{span.context.span_id:016x}"


def test_a_bucket_leads_to_a_trace(traced: Service) -> None:
    """By an exemplar, for whoever asks for the format that has them."""
    traced.client.get("/api/checkouts", headers=CALLED)
    deadline = time.monotonic() + 5
    while f'trace_id="{TRACE}"' not in (text := _metrics(traced)):
        assert time.monotonic() < deadline, text
    assert text.rstrip().endswith("# EOF")
    assert "trace_id" not in traced.client.get("/metrics").text


def test_statements_are_spans_of_their_request(in_postgres: Service, spans: Spans) -> None:
    """In the order of the work, with their text, and without a value of the visitor."""
    in_postgres.client.post("/api/checkouts", json={"customer": "Private Person"}, headers=CALLED)
    found = spans.await_spans(4)
    assert [span.name for span in found] == [
        "connection",
        "INSERT checkouts",
        "COMMIT",
        "POST /api/checkouts",
    ]
    request = found[-1]
    assert request.context is not None
    for span in found[:-1]:
        assert span.kind is SpanKind.CLIENT
        assert span.parent is not None and span.parent.span_id == request.context.span_id
        assert (span.attributes or {})["db.system.name"] == "postgresql"
        assert _within(span, request)
    attributes = dict(found[1].attributes or {})
    assert attributes["db.collection.name"] == "checkouts"
    assert attributes["db.operation.name"] == "INSERT"
    assert str(attributes["db.query.text"]).endswith("VALUES (%s, %s, %s, %s)")
    assert "Private" not in "".join(span.to_json() for span in found)
    assert "only for the tests" not in "".join(span.to_json() for span in found)


def test_the_statement_that_failed_is_marked(
    in_postgres: Service, spans: Spans, migrated: PostgresServer
) -> None:
    """With the database's code for it, and no other statement."""
    checkout = in_postgres.create()
    in_postgres.add(checkout)
    spans.await_spans(10)
    spans.kept.clear()
    with psycopg.connect(**parameters(migrated.config)) as other:
        other.execute("LOCK TABLE payments IN ACCESS EXCLUSIVE MODE")
        problem(in_postgres.pay(checkout, 700, "k"), 503)
    found = spans.await_spans(5)
    wrong = {s.name: s for s in found if s.status.status_code is StatusCode.ERROR}
    assert set(wrong) == {"SELECT payments", "POST /api/checkouts/{checkout_id}/payment"}
    assert (wrong["SELECT payments"].attributes or {})["error.type"] in {"55P03", "57014"}
    assert "700" not in wrong["SELECT payments"].to_json(indent=None).partition('"events"')[2]


def test_readiness_makes_no_span_of_the_database(in_postgres: Service, spans: Spans) -> None:
    """Its query belongs to no request."""
    assert in_postgres.client.get("/readyz").status_code == 200
    in_postgres.client.get("/api/checkouts")
    assert "connection" in {span.name for span in spans.await_spans(4)}
    assert len([span for span in spans.kept if span.name == "connection"]) == 1


def test_without_a_collector_nothing_is_recorded(memory: MemoryStore, spans: Spans) -> None:
    """Requests are served as ever, and the caller is told that there is no trace."""
    spans.away = True
    with recording(spans, reachable=False) as made, serving(memory, tracing=made) as service:
        reply = service.client.get("/api/checkouts", headers=CALLED)
        assert reply.status_code == 200
        assert "Traceresponse" not in reply.headers
    assert spans.kept == []


def test_a_silent_collector_delays_no_request(
    memory: MemoryStore, spans: Spans, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not fit into the queue is dropped."""
    monkeypatch.setattr(tracing, "_QUEUED_MOST", 4)
    spans.silent = threading.Event()
    with recording(spans) as made, serving(memory, tracing=made) as service:
        started = time.monotonic()
        for _ in range(40):
            assert service.client.get("/api/checkouts").status_code == 200
        assert time.monotonic() - started < 5
        spans.silent.set()
    assert 0 < len(spans.kept) < 40


def test_spans_go_to_the_address_that_is_configured(
    memory: MemoryStore, unused_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the collector comes later than the service."""
    monkeypatch.setattr(tracing, "_RETRY_SECONDS", 0.05)
    posted: list[tuple[str, bytes]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.append((self.path, body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    made = tracing.connect(f"http://127.0.0.1:{unused_port}/", version="1", pod_name=POD)
    with ExitStack() as collector:
        with serving(memory, tracing=made) as service:
            assert "Traceresponse" not in service.client.get("/api/checkouts").headers
            server = collector.enter_context(
                ThreadingHTTPServer(("127.0.0.1", unused_port), Receiver)
            )
            threading.Thread(target=server.serve_forever).start()
            collector.callback(server.shutdown)
            deadline = time.monotonic() + 10
            while "Traceresponse" not in service.client.get("/api/checkouts").headers:
                assert time.monotonic() < deadline, "the collector was not found"
                time.sleep(0.02)
        # A request's span ends after its answer was sent, so the service is stopped first.
        made.close()
    assert {path for path, _ in posted} == {"/v1/traces"}
    assert any(b"GET /api/checkouts" in body for _, body in posted)


@pytest.fixture
def certificate_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the files of certificates that the configuration names; it is empty."""
    variables = {"CERTIFICATE": "ca.crt", "CLIENT_CERTIFICATE": "tls.crt", "CLIENT_KEY": "tls.key"}
    for variable, name in variables.items():
        monkeypatch.setenv(f"OTEL_EXPORTER_OTLP_{variable}", str(tmp_path / name))
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # they would come first
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


@contextmanager
def secured_collector(folder: Path, trusted: str) -> Iterator[tuple[int, str, list[str]]]:
    """A collector with TLS for those with the certificate `trusted`.

    Gives its port, its certificate, and the names of those from whom it got spans.
    """
    callers: list[str] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if self.rfile.read(int(self.headers["Content-Length"])):
                subject = self.connection.getpeercert()["subject"]
                callers.append(subject[0][0][1])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Write nothing."""

    certificate, key = self_signed("localhost")
    (folder / "collector").write_text(key + certificate)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=trusted)
    context.load_cert_chain(folder / "collector")
    context.verify_mode = ssl.CERT_REQUIRED
    server = Quiet(("127.0.0.1", 0), Receiver)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_port, certificate, callers
    server.shutdown()
    server.server_close()


def test_certificates_may_be_missing_or_wrong(
    memory: MemoryStore, certificate_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests are served meanwhile; once the files are right, the collector knows the sender."""
    monkeypatch.setattr(tracing, "_RETRY_SECONDS", 0.05)
    (own, key), (other, other_key) = self_signed("backend"), self_signed("localhost")
    with secured_collector(certificate_files, own) as (port, collector, callers):
        made = tracing.connect(f"https://localhost:{port}", version="1", pod_name=POD)
        with serving(memory, tracing=made) as service:
            steps: tuple[dict[str, str], ...] = (
                {},
                {"ca.crt": other, "tls.crt": own, "tls.key": key},  # an impostor of the collector
                {"ca.crt": collector, "tls.crt": other, "tls.key": other_key},  # a stranger
                {"tls.key": "no key"},
            )
            for files in steps:
                for name, text in files.items():
                    (certificate_files / name).write_text(text)
                time.sleep(0.2)
                reply = service.client.get("/api/checkouts")
                assert reply.status_code == 200
                assert "Traceresponse" not in reply.headers
            for name, text in {"tls.crt": own, "tls.key": key}.items():
                (certificate_files / name).write_text(text)
            deadline = time.monotonic() + 10
            while "Traceresponse" not in service.client.get("/api/checkouts").headers:
                assert time.monotonic() < deadline, "the collector was not found"
                time.sleep(0.02)
        made.close()
    assert callers and set(callers) == {"backend"}


def test_without_an_address_tracing_is_off(memory: MemoryStore) -> None:
    """No thread, no span, no header."""
    made = tracing.connect("", version="1", pod_name=POD)
    with serving(memory, tracing=made) as service:
        assert "Traceresponse" not in service.client.get("/api/checkouts", headers=CALLED).headers
    made.close()


def _within(inner: ReadableSpan, outer: ReadableSpan) -> bool:
    assert inner.start_time and inner.end_time and outer.start_time and outer.end_time
    return outer.start_time <= inner.start_time <= inner.end_time <= outer.end_time


def _metrics(service: Service) -> str:
    return service.client.get("/metrics", headers=OPEN_METRICS).text
