"""Steps about the monitoring, and about traces."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import given, then, when

from acceptance.domains.observability import (
    BroughtTrace,
    CheckoutTrace,
    ExemplarAnalyst,
    FollowedExemplar,
    LoggedRequest,
    LogHits,
    MonitoringOperator,
    ScrapeTargets,
    SignalInspector,
    Trace,
    TraceAnalyst,
    TraceKeepingTester,
    read_signals,
)
from acceptance.domains.traffic import Cancellation, Journey, RefusedPayment


@when("the operator asks Prometheus for its scrape targets", target_fixture="scrape_targets")
def _(monitoring_operator: MonitoringOperator) -> tuple[ScrapeTargets, ...]:
    return monitoring_operator.read_scrape_targets()


@then("every backend pod is scraped successfully")
def _(monitoring_operator: MonitoringOperator, scrape_targets: tuple[ScrapeTargets, ...]) -> None:
    monitoring_operator.assert_backend_scraped(scrape_targets)


@when("the operator searches the log store for the request", target_fixture="log_hits")
def _(monitoring_operator: MonitoringOperator, visit_id: str) -> tuple[LogHits, ...]:
    return monitoring_operator.search_logs(visit_id)


@then("the log store has a line of the request")
def _(monitoring_operator: MonitoringOperator, log_hits: tuple[LogHits, ...]) -> None:
    monitoring_operator.assert_request_logged(log_hits)


@given("every backend pod records traces")
def _(trace_analyst: TraceAnalyst) -> None:
    trace_analyst.await_recording()


@when("the operator looks up the trace of the checkout", target_fixture="checkout_trace")
def _(trace_analyst: TraceAnalyst, journey: Journey) -> CheckoutTrace:
    return trace_analyst.find_checkout_trace(journey)


@then(
    "all its calls are in one trace, from the browser through ingress and backend to the database"
)
def _(trace_analyst: TraceAnalyst, checkout_trace: CheckoutTrace) -> None:
    trace_analyst.assert_one_trace(checkout_trace)


@then("no span of the trace lacks its parent")
def _(trace_analyst: TraceAnalyst, checkout_trace: CheckoutTrace) -> None:
    trace_analyst.assert_no_orphan(checkout_trace)


@then("each span lies within its parent, and the durations add up")
def _(trace_analyst: TraceAnalyst, checkout_trace: CheckoutTrace) -> None:
    trace_analyst.assert_durations(checkout_trace)


@given("the database refuses to write payments")
def _(trace_analyst: TraceAnalyst) -> None:
    trace_analyst.forbid_payments()


@given("the database ends the session of whoever writes payments")
def _(trace_analyst: TraceAnalyst) -> None:
    trace_analyst.cut_off_payments()


@when(
    "visitors bring trace ids with every first digit, and the lowest and the highest",
    target_fixture="brought_traces",
)
def _(trace_keeping_tester: TraceKeepingTester) -> tuple[BroughtTrace, ...]:
    return trace_keeping_tester.bring_traces()


@then("the trace of each of them is kept")
def _(trace_keeping_tester: TraceKeepingTester, brought_traces: tuple[BroughtTrace, ...]) -> None:
    trace_keeping_tester.assert_all_kept(brought_traces)


@then("the trace of the payment marks the refused statement and no other")
def _(trace_analyst: TraceAnalyst, refused_payment: RefusedPayment) -> None:
    trace_analyst.assert_failed_statement_marked(refused_payment)


@when("the operator collects the traces of all these visits", target_fixture="visit_traces")
def _(
    signal_inspector: SignalInspector,
    journey: Journey,
    cancellation: Cancellation,
    refused_payment: RefusedPayment,
) -> tuple[Trace, ...]:
    return signal_inspector.collect_traces(journey, cancellation, refused_payment)


@then("they have exactly these spans, with these attributes:")
def _(
    signal_inspector: SignalInspector,
    visit_traces: tuple[Trace, ...],
    datatable: Sequence[Sequence[str]],
) -> None:
    signal_inspector.assert_signals(visit_traces, read_signals(datatable))


@then("no span holds what a visitor typed")
def _(signal_inspector: SignalInspector, visit_traces: tuple[Trace, ...], journey: Journey) -> None:
    signal_inspector.assert_nothing_typed(visit_traces, journey)


@when(
    "the operator follows the log line of the request to its trace",
    target_fixture="logged_request",
)
def _(trace_analyst: TraceAnalyst, visit_id: str) -> LoggedRequest:
    return trace_analyst.follow_log_line(visit_id)


@then("the trace has the span of this request in this pod")
def _(trace_analyst: TraceAnalyst, logged_request: LoggedRequest) -> None:
    trace_analyst.assert_log_line_leads_to_trace(logged_request)


@when("a visitor sends a span as the backend and one as a browser", target_fixture="sent_spans")
def _(signal_inspector: SignalInspector) -> Trace:
    return signal_inspector.send_spans()


@then("only the span of the browser is recorded")
def _(signal_inspector: SignalInspector, sent_spans: Trace) -> None:
    signal_inspector.assert_only_browser_recorded(sent_spans)


@when(
    "the operator follows the exemplar of a visitor's request to its trace",
    target_fixture="followed_exemplar",
)
def _(exemplar_analyst: ExemplarAnalyst) -> FollowedExemplar:
    return exemplar_analyst.follow_exemplar()


@then("the trace has the request that the metric counted")
def _(exemplar_analyst: ExemplarAnalyst, followed_exemplar: FollowedExemplar) -> None:
    exemplar_analyst.assert_exemplar_leads_to_trace(followed_exemplar)
