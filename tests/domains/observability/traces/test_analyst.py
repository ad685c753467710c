from __future__ import annotations

import itertools
import json
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from acceptance.domains.cluster import actor as actor_module
from acceptance.domains.observability import (
    SignalInspector,
    TraceAnalyst,
    read_signals,
)
from acceptance.domains.observability.drivers.jaeger import Jaeger
from acceptance.domains.observability.traces import analyst as trace_analyst
from acceptance.domains.observability.traces import signal_inspector
from acceptance.domains.traffic import Cancellation, Journey, RefusedPayment
from acceptance.drivers.browser import DESKTOP
from acceptance.drivers.http import Reply
from acceptance.judgement import Unverifiable
from acceptance.settings import Timeouts
from tests.domains.observability.traces.samples import (
    ENDPOINT,
    FACTS,
    TRACE,
    as_jaeger,
    span,
    trace,
    whole,
)
from tests.fakes.monitored_cluster import MonitoredCluster, pod
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acceptance.domains.observability.drivers.jaeger import Span
    from acceptance.drivers.browser import BrowserFacts

PATIENCE = Timeouts(observation=0.01)
SERVICE: dict[str, Any] = {
    "metadata": {
        "name": "jaeger",
        "namespace": "monitoring",
        "labels": {"app.kubernetes.io/name": "jaeger"},
    },
    "spec": {"ports": [{"name": "otlp", "port": 4318}, {"name": "api", "port": 80}]},
}
PROXY = "/api/v1/namespaces/monitoring/services/jaeger:80/proxy"
REFUSED = RefusedPayment(Reply(500, (), "", 0.0), TRACE)


class Cluster(MonitoredCluster):
    """A cluster whose backend pod has a log."""

    lines: tuple[object, ...] = ()

    def log(self, namespace: str, name: str, container: str, *, lines: int) -> str:
        """The log of the pod, one line of which is not JSON."""
        assert (namespace, name, container) == ("checkout", "backend-1", "backend")
        assert lines
        return "\n".join(["plain", *map(json.dumps, self.lines)])


def analyst(answer: object, *lines: object) -> TraceAnalyst:
    """The analyst of a cluster whose Jaeger gives this answer."""
    cluster = Cluster([pod("backend")], {"/api/v1/services": [SERVICE], PROXY: answer})
    cluster.lines = lines
    return TraceAnalyst(context_of(SYSTEM, cluster, timeouts=PATIENCE))


def inspector(answer: object) -> SignalInspector:
    """The inspector of signals on such a cluster."""
    cluster = Cluster([], {"/api/v1/services": [SERVICE], PROXY: answer})
    return SignalInspector(context_of(SYSTEM, cluster, timeouts=PATIENCE))


def journey(noted: BrowserFacts = FACTS) -> Journey:
    """A visit in a browser."""
    return Journey(DESKTOP, "Ada", "", "", "", noted)


def payment(*failed: str) -> list[Span]:
    """The spans of a payment: two statements, of which those of `failed` are marked."""
    names = {"checkouts": "SELECT", "payments": "INSERT"}
    request = span("request", "", "checkout-backend", "server", failed=True)
    calls = [
        span(
            f"{operation} {table}",
            "request",
            "checkout-backend",
            "client",
            failed=table in failed,
            attributes=(
                ("db.query.text", "…"),
                ("db.collection.name", table),
                ("db.operation.name", operation),
                ("error.type", "42501"),
            ),
        )
        for table, operation in names.items()
    ]
    return [request, *calls]


@pytest.mark.parametrize(("silent", "fault"), [("", ""), ("backend-2", "backend-2 records no")])
def test_each_pod_has_to_record(silent: str, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each says so in its answers; one that does not is named."""
    pods = itertools.cycle(["backend-1", "backend-2"])

    class Ingress:
        host = "checkout.local"

        def send(self, *_: object, **__: object) -> Reply:
            """Answer as the next pod."""
            pod_name = next(pods)
            traced = () if pod_name == silent else (("traceresponse", "00-a-b-01"),)
            return Reply(200, (("x-served-by", pod_name), *traced), "", 0.0)

        def close(self) -> None:
            """Close nothing."""

    class Pods(Cluster):
        def workloads(self, _: str) -> tuple[SimpleNamespace, ...]:
            """A backend at full strength."""
            return (SimpleNamespace(name="backend", full=True),)

        def watch(self, _: str) -> nullcontext[None]:
            """A watch without events."""
            return nullcontext()

    second = pod("backend")
    second["metadata"] = {**second["metadata"], "name": "backend-2", "uid": "2"}
    monkeypatch.setattr(trace_analyst, "reach", lambda *_, **__: Ingress())
    cluster = Pods([pod("backend"), second], {"/api/v1/services": [SERVICE]})
    waits = Timeouts(observation=0.5, readiness_change=0.01)
    actor = TraceAnalyst(context_of(SYSTEM, cluster, timeouts=waits))
    if not fault:
        actor.await_recording()
        return
    with pytest.raises(AssertionError, match=fault):
        actor.await_recording()


def test_a_checkout_that_is_one_trace_passes() -> None:
    """As Jaeger encodes it."""
    actor = analyst(as_jaeger(whole()))
    found = actor.find_checkout_trace(journey())
    assert {str(each) for each in found.trace.spans} == {str(each) for each in whole()}
    assert [each.name for each in found.trace.spans if each.attribute("otel.scope.name")] == []
    actor.assert_one_trace(found)
    actor.assert_no_orphan(found)
    actor.assert_durations(found)


def test_without_a_trace_store_nothing_is_known() -> None:
    """That is not a fault of the application."""
    actor = TraceAnalyst(context_of(SYSTEM, Cluster([], {}), timeouts=PATIENCE))
    with pytest.raises(Unverifiable, match="No trace store is deployed"):
        actor.find_checkout_trace(journey())


def test_a_browser_without_context_is_reported() -> None:
    """Then there is no trace to look for."""
    silent = replace(FACTS, contexts=tuple(replace(c, recorded=False) for c in FACTS.contexts))
    with pytest.raises(AssertionError, match="The browser sends no trace context"):
        analyst(as_jaeger(whole())).find_checkout_trace(journey(silent))


def test_calls_in_several_traces_are_reported() -> None:
    """Each call with a trace of its own is not one trace."""
    apart = tuple(replace(each, trace=each.span) for each in FACTS.contexts)
    actor = analyst(as_jaeger(whole()))
    found = actor.find_checkout_trace(journey(replace(FACTS, contexts=apart)))
    with pytest.raises(AssertionError, match="are in 4 traces"):
        actor.assert_one_trace(found)
    few = actor.find_checkout_trace(journey(replace(FACTS, contexts=FACTS.contexts[:1])))
    with pytest.raises(AssertionError, match="took only 1 calls"):
        actor.assert_one_trace(few)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"data": []}, f"monitoring/jaeger does not know the trace {TRACE}"),
        ({"errors": "no"}, "monitoring/jaeger does not return the trace: GET"),
        (None, "does not return the trace: .*no endpoints available"),
        (as_jaeger(whole()[:-1]), "POST /pay: there is no span of the database"),
    ],
)
def test_what_jaeger_lacks_is_reported(answer: object, said: str) -> None:
    """A trace store that is there, and has not the trace, is a fault."""
    actor = analyst(answer)
    with pytest.raises(AssertionError, match=said):
        actor.assert_one_trace(actor.find_checkout_trace(journey()))


def test_orphans_and_strange_beginnings_are_reported() -> None:
    """The trace begins in the browser, and nowhere else."""
    actor = analyst(None)
    spans = [each for each in whole() if each.id != "pay"]
    with pytest.raises(AssertionError, match="ingress: pay-in is an orphan"):
        actor.assert_no_orphan(trace_analyst.CheckoutTrace(trace(spans), FACTS.contexts))
    two = [*whole(), span("more", "", "ingress", "server")]
    with pytest.raises(AssertionError, match="begins with checkout-browser: checkout, ingress"):
        actor.assert_no_orphan(trace_analyst.CheckoutTrace(trace(two), FACTS.contexts))


def test_durations_that_do_not_add_up_are_reported() -> None:
    """Also a trace of nothing, whose durations prove nothing."""
    actor = analyst(None)
    late = [replace(each, start=2_500_000) if each.id == "pay-sql" else each for each in whole()]
    with pytest.raises(AssertionError, match=r"pay-sql ends .* ms after checkout-backend"):
        actor.assert_durations(trace_analyst.CheckoutTrace(trace(late), FACTS.contexts))
    with pytest.raises(AssertionError, match="hardly a span"):
        actor.assert_durations(trace_analyst.CheckoutTrace(trace([]), FACTS.contexts))


def test_the_refused_statement_is_the_marked_one() -> None:
    """It says by what, and its request is marked too."""
    analyst(as_jaeger(payment("payments"))).assert_failed_statement_marked(REFUSED)


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        (payment(), "the marked statements are: none"),
        (payment("checkouts", "payments"), "are: .*SELECT checkouts, .*INSERT payments"),
        (payment("payments")[::2], "has 1 statements"),
        (
            [
                replace(each, failed=each.kind == "client" and each.id != "SELECT checkouts")
                for each in payment("payments")
            ],
            "The request above .*INSERT payments is not marked",
        ),
        (
            [
                replace(each, attributes=each.attributes[:-1] if each.attributes else ())
                for each in payment("payments")
            ],
            "INSERT payments is marked, and does not say by what",
        ),
    ],
)
def test_wrong_marks_are_reported(spans: list[Span], said: str) -> None:
    """None, too many, or without a word."""
    with pytest.raises(AssertionError, match=said):
        analyst(as_jaeger(spans)).assert_failed_statement_marked(REFUSED)


def test_a_failed_payment_without_a_trace_is_reported() -> None:
    """The answer itself names no trace."""
    with pytest.raises(AssertionError, match="The answer names no trace"):
        analyst(None).assert_failed_statement_marked(replace(REFUSED, trace_id=""))


@pytest.mark.parametrize(
    ("said_id", "said_pod", "fault"),
    [
        ("r1", "backend-1", ""),
        ("r2", "backend-1", "is of the request r2"),
        ("r1", "backend-2", "backend-1 wrote the line, and backend-2 served"),
    ],
)
def test_a_log_line_leads_to_its_span(said_id: str, said_pod: str, fault: str) -> None:
    """Of the same request, in the same pod."""
    line = {"request_id": "r1", "pod": "backend-1", "trace_id": TRACE, "span_id": "own"}
    own = span(
        "own",
        "",
        "checkout-backend",
        "server",
        attributes=(("request.id", said_id),),
        resource=(("k8s.pod.name", said_pod),),
    )
    actor = analyst(as_jaeger([own]), {"request_id": "r0"}, ["no object"], line)
    found = actor.follow_log_line("r1")
    if not fault:
        actor.assert_log_line_leads_to_trace(found)
        return
    with pytest.raises(AssertionError, match=fault):
        actor.assert_log_line_leads_to_trace(found)


def test_a_log_line_that_leads_nowhere_is_reported() -> None:
    """It names no trace, or a span that the trace lacks, or is not there at all."""
    with pytest.raises(AssertionError, match="names no trace"):
        analyst(None, {"request_id": "r1"}).follow_log_line("r1")
    line = {"request_id": "r1", "pod": "backend-1", "trace_id": TRACE, "span_id": "own"}
    actor = analyst(as_jaeger(whole()), line)
    with pytest.raises(AssertionError, match="has no span own of the log line"):
        actor.assert_log_line_leads_to_trace(actor.follow_log_line("r1"))
    with pytest.raises(AssertionError, match="a log line of the request"):
        analyst(None).follow_log_line("r1")


def test_exactly_the_declared_signals_pass() -> None:
    """Of all traces of the visits together."""
    actor = inspector(as_jaeger(whole()))
    traces = actor.collect_traces(journey(), Cancellation(FACTS), REFUSED)
    assert len(traces) == 1
    rows = [
        [each.service, each.name, ", ".join(name for name, _ in each.attributes) or "none"]
        for each in whole()
    ]
    table = [["service", "span", "attributes"], *rows]
    declared = tuple(replace(each, always=each.always - {"none"}) for each in read_signals(table))
    actor.assert_signals(traces, declared)
    with pytest.raises(AssertionError, match="pay-sql was recorded, and is not declared"):
        actor.assert_signals(traces, declared[:-1])
    with pytest.raises(AssertionError, match="pay-sql is declared, and was not recorded"):
        actor.assert_signals((trace(whole()[:-1]),), declared)
    with pytest.raises(AssertionError, match="No span is declared"):
        actor.assert_signals(traces, ())


def test_a_refused_payment_is_whole_with_the_services_own_span() -> None:
    """The spans of the ingress come from another sender, and may be there first."""
    early = [span("request", "", "ingress", "server")]
    late = [*early, span("own", "request", "checkout-backend", "server")]
    answers = iter([as_jaeger(early), as_jaeger(late)])

    class Slow(MonitoredCluster):
        """A Jaeger that gets one part after the other."""

        def send(self, method: str, path: str, *, query: Mapping[str, str]) -> Reply:
            self._answers = {PROXY: next(answers, as_jaeger(late))}
            return super().send(method, path, query=query)

    cluster = Slow([], {"/api/v1/services": [SERVICE]})
    actor = SignalInspector(context_of(SYSTEM, cluster, timeouts=Timeouts(observation=5)))
    refused = RefusedPayment(Reply(500, (), "", 0.0), TRACE, "own")
    noted = replace(FACTS, contexts=(replace(FACTS.contexts[0], trace=TRACE, span="request"),))
    (found,) = actor.collect_traces(journey(noted), Cancellation(noted), refused)
    assert {each.id for each in found.spans} == {"request", "own"}


def test_what_a_visitor_typed_is_found_in_a_span() -> None:
    """Wherever in an attribute it stands; and no span at all proves nothing."""
    actor = inspector(None)
    leak = span("sql", "", "checkout-backend", "client", attributes=(("a", "for Ada now"),))
    actor.assert_nothing_typed((trace(whole()),), journey())
    with pytest.raises(AssertionError, match="sql holds what a visitor typed: Ada"):
        actor.assert_nothing_typed((trace([*whole(), leak]),), journey())
    with pytest.raises(AssertionError, match="no span"):
        actor.assert_nothing_typed((trace([]),), journey())


def test_a_database_without_the_table_cannot_be_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was taken away is given back at the end."""
    asked: list[str] = []
    answers = [("checkout",), (), (), ()]

    def execute(*given: object, **_: object) -> tuple[str, ...]:
        asked.append(str(given[-1]))
        return answers[len(asked) - 1]

    monkeypatch.setattr(actor_module, "execute_sql", execute)
    cluster = Cluster([pod("database")], {})
    with TraceAnalyst(context_of(SYSTEM, cluster, timeouts=PATIENCE)) as actor:
        actor.forbid_payments()
        assert asked[-1] == "REVOKE INSERT ON payments FROM checkout"
    assert asked[-1] == "GRANT INSERT ON payments TO checkout"
    with pytest.raises(AssertionError, match="no table payments"):
        TraceAnalyst(context_of(SYSTEM, cluster, timeouts=PATIENCE)).forbid_payments()
    nobody = TraceAnalyst(context_of(SYSTEM, Cluster([], {}), timeouts=PATIENCE))
    with pytest.raises(AssertionError, match="No database pod"):
        nobody.forbid_payments()


def test_jaeger_says_not_found_of_an_unknown_trace() -> None:
    """With a status of its own, which is no refusal."""

    class Empty(Cluster):
        def send(self, *_: object, **__: object) -> Reply:
            return Reply(404, (), "", 0.0)

    client = Jaeger(Empty([], {}), ENDPOINT)  # type: ignore[arg-type]
    assert client.trace(TRACE).spans == ()
    assert client.trace(TRACE).refused == ""


@pytest.mark.parametrize(
    ("services", "fault"),
    [
        (["checkout-browser"], ""),
        (["checkout-backend", "checkout-browser"], "spans of checkout-backend, checkout-browser"),
        ([], "does not know the trace"),
    ],
)
def test_a_visitor_records_spans_of_the_browser_only(
    services: list[str], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are sent in the same trace, through the ingress."""
    sent: list[dict[str, Any]] = []

    class Ingress:
        host = "checkout.local"

        def send(self, method: str, path: str, *, body: Any, headers: Any) -> Reply:  # noqa: ANN401
            """Take a span."""
            assert (method, path) == ("POST", "/otlp/v1/traces")
            assert headers["traceparent"].endswith("-00")
            sent.append(body["resourceSpans"][0])
            return Reply(200, (), "", 0.0)

        def close(self) -> None:
            """Close nothing."""

    monkeypatch.setattr(signal_inspector, "reach", lambda *_, **__: Ingress())
    actor = inspector(as_jaeger([span(each, "", each, "internal") for each in services]))
    found = actor.send_spans()
    names = [each["resource"]["attributes"][0]["value"]["stringValue"] for each in sent]
    assert names == ["checkout-backend", "checkout-browser"]
    spans = [each["scopeSpans"][0]["spans"][0] for each in sent]
    assert len({each["traceId"] for each in spans}) == 1
    if not fault:
        actor.assert_only_browser_recorded(found)
        return
    with pytest.raises(AssertionError, match=fault):
        actor.assert_only_browser_recorded(found)
