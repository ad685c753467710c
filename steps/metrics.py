"""Steps about metrics and the probes of health endpoints."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import given, parsers, then, when

from acceptance.domains.observability import (
    BrokenEndpoint,
    ConnectionWatcher,
    CounterState,
    CriticalMetricsOperator,
    ErrorVisitor,
    MetricsOperator,
    MetricState,
    NewReplica,
    PageReader,
    PoolState,
    ProbeAnswerTester,
    ProbedAnswer,
    ProbeOperator,
    ProbeState,
    ScrapeState,
    SentRequests,
    TrafficCounter,
)


@given("only these programs are to be scraped", target_fixture="scrape_plan")
def _(datatable: Sequence[Sequence[str]]) -> Sequence[Sequence[str]]:
    return datatable


@when("the operator asks Prometheus what it scrapes", target_fixture="scrape_state")
def _(metrics_operator: MetricsOperator, scrape_plan: Sequence[Sequence[str]]) -> ScrapeState:
    return metrics_operator.read_scrape_state(scrape_plan)


@then("every program is scraped as it is to be")
def _(metrics_operator: MetricsOperator, scrape_state: ScrapeState) -> None:
    metrics_operator.assert_all_scraped(scrape_state)


@then("nothing else is scraped")
def _(metrics_operator: MetricsOperator, scrape_state: ScrapeState) -> None:
    metrics_operator.assert_nothing_else_scraped(scrape_state)


@then("every target has its metric")
def _(metrics_operator: MetricsOperator, scrape_state: ScrapeState) -> None:
    metrics_operator.assert_metrics_present(scrape_state)


@then("Prometheus has every series of the page of every target")
def _(page_reader: PageReader, scrape_state: ScrapeState) -> None:
    page_reader.assert_pages_complete(scrape_state)


@given("the operator has noted what Prometheus has counted", target_fixture="counters")
def _(traffic_counter: TrafficCounter) -> CounterState:
    return traffic_counter.note_counters()


@when(
    "visitors create, read and pay checkouts and make mistakes, a known number of times",
    target_fixture="sent_requests",
)
def _(traffic_counter: TrafficCounter, counters: CounterState) -> SentRequests:
    return traffic_counter.send_known_requests(counters)


@then("Prometheus has counted exactly these requests on every route")
def _(traffic_counter: TrafficCounter, sent_requests: SentRequests) -> None:
    traffic_counter.assert_requests_counted(sent_requests)


@then("Prometheus has counted exactly these checkouts")
def _(traffic_counter: TrafficCounter, sent_requests: SentRequests) -> None:
    traffic_counter.assert_checkouts_counted(sent_requests)


@then("the duration of every request was measured")
def _(traffic_counter: TrafficCounter, sent_requests: SentRequests) -> None:
    traffic_counter.assert_durations_measured(sent_requests)


@when("the operator adds a backend pod", target_fixture="new_replica")
def _(metrics_operator: MetricsOperator) -> NewReplica:
    return metrics_operator.add_replica()


@then("Prometheus scrapes the new pod within two intervals of its being ready")
def _(metrics_operator: MetricsOperator, new_replica: NewReplica) -> None:
    metrics_operator.assert_scraped_soon(new_replica)


@when("the operator asks Prometheus for its probes of endpoints", target_fixture="probes")
def _(probe_operator: ProbeOperator) -> ProbeState:
    return probe_operator.read_probes()


@then("every health endpoint of each pod is probed")
def _(probe_operator: ProbeOperator, probes: ProbeState) -> None:
    probe_operator.assert_endpoints_probed(probes)


@then("every path that visitors use is probed through the ingress")
def _(probe_operator: ProbeOperator, probes: ProbeState) -> None:
    probe_operator.assert_visitors_paths_probed(probes)


@then("every probe succeeds, and has done so in the last two intervals")
def _(probe_operator: ProbeOperator, probes: ProbeState) -> None:
    probe_operator.assert_probes_succeed(probes)


@when(
    parsers.re(r"the operator breaks (?P<what>the database|one frontend pod)"),
    target_fixture="broken_endpoint",
)
def _(probe_operator: ProbeOperator, what: str) -> BrokenEndpoint:
    return probe_operator.break_endpoint(what)


@then(parsers.re(r"only the probes of .+ fail, within two intervals"))
def _(probe_operator: ProbeOperator, broken_endpoint: BrokenEndpoint) -> None:
    probe_operator.assert_only_these_fail(broken_endpoint)


@then("they succeed again after it is repaired")
def _(probe_operator: ProbeOperator, broken_endpoint: BrokenEndpoint) -> None:
    probe_operator.assert_succeed_again(broken_endpoint)


@when(
    "an endpoint of this run is probed as every other, and answers in each of these ways",
    target_fixture="probed_answers",
)
def _(
    probe_answer_tester: ProbeAnswerTester, datatable: Sequence[Sequence[str]]
) -> tuple[ProbedAnswer, ...]:
    return probe_answer_tester.probe_answers(datatable)


@then("every probe of it succeeded or failed as it is to")
def _(probe_answer_tester: ProbeAnswerTester, probed_answers: tuple[ProbedAnswer, ...]) -> None:
    probe_answer_tester.assert_results(probed_answers)


@then("the endpoint was asked each time")
def _(probe_answer_tester: ProbeAnswerTester, probed_answers: tuple[ProbedAnswer, ...]) -> None:
    probe_answer_tester.assert_asked(probed_answers)


@given("visitors have met errors of the server")
def _(error_visitor: ErrorVisitor) -> None:
    error_visitor.meet_errors()


@when("the operator looks for these metrics while visitors come", target_fixture="metric_state")
def _(
    critical_metrics_operator: CriticalMetricsOperator, datatable: Sequence[Sequence[str]]
) -> MetricState:
    return critical_metrics_operator.read_metrics(datatable)


@then("each metric is there, and one for each that has to have its own")
def _(critical_metrics_operator: CriticalMetricsOperator, metric_state: MetricState) -> None:
    critical_metrics_operator.assert_all_collected(metric_state)


@then("the traffic of every workload rises")
def _(critical_metrics_operator: CriticalMetricsOperator, metric_state: MetricState) -> None:
    critical_metrics_operator.assert_traffic_counted(metric_state)


@then("every workload has all four golden signals")
def _(critical_metrics_operator: CriticalMetricsOperator, metric_state: MetricState) -> None:
    critical_metrics_operator.assert_golden_signals(metric_state)


@then("the backend exports no metric that the table does not name")
def _(critical_metrics_operator: CriticalMetricsOperator, metric_state: MetricState) -> None:
    critical_metrics_operator.assert_nothing_beside(metric_state)


@when("more visitors wait than the backend has connections", target_fixture="pool_states")
def _(connection_watcher: ConnectionWatcher) -> tuple[PoolState, ...]:
    return connection_watcher.watch_connections()


@then("each backend pod says that none is free and some wait, and afterwards that all are free")
def _(connection_watcher: ConnectionWatcher, pool_states: tuple[PoolState, ...]) -> None:
    connection_watcher.assert_saturation_measured(pool_states)
