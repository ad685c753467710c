from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from acceptance.domains.observability import RuleInspector, RuleState, UnitTests
from acceptance.domains.observability.drivers.alertmanager import Alertmanager, RouteTimes
from acceptance.domains.observability.drivers.endpoints import MonitoringEndpoint
from acceptance.domains.observability.drivers.prometheus_rules import PrometheusRules, Rule
from acceptance.drivers.kubernetes.client import Refused
from acceptance.judgement import Unverifiable
from acceptance.settings import Timeouts
from tests.fakes.monitored_cluster import MonitoredCluster
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

PATH = "/prometheus"
ENDPOINT = MonitoringEndpoint("prometheus", "monitoring/prometheus", PATH)
ALERT = Rule(
    name="TargetDown",
    alerting=True,
    query="up == 0",
    duration=5,
    interval=1,
    labels=(("severity", "critical"),),
    annotations=(
        ("description", "It is away."),
        ("runbook_url", "docs/operations/alerts/target-down.md"),
        ("summary", "TargetDown."),
    ),
    health="ok",
)
RECORD = replace(ALERT, name="a:b", alerting=False, query="sum(up)", labels=(), annotations=())
STATE = RuleState("short", (ALERT, RECORD), (ALERT, RECORD))


def client(**answers: object) -> PrometheusRules:
    """A Prometheus with these answers, by the end of their path."""
    paths = {f"{PATH}/api/v1/{name}": {"data": answer} for name, answer in answers.items()}
    return PrometheusRules(MonitoredCluster([], paths), ENDPOINT)  # type: ignore[arg-type]


def inspector(monkeypatch: pytest.MonkeyPatch, *, series: set[str] | None = None) -> RuleInspector:
    """An inspector whose Prometheus reads `up` in every rule, and has these series."""

    class Client:
        def metrics(self, query: str) -> set[str]:
            return {"up", "a:b"} if "up" in query else {query}

        def has_series(self, metric: str, _: float) -> bool:
            return metric in (series or set())

    actor = RuleInspector(context_of(SYSTEM, MonitoredCluster([], {}), timeouts=Timeouts()))
    monkeypatch.setattr(actor, "rules", Client)
    return actor


def test_rules_are_read_with_what_they_add() -> None:
    """Alerts and records, with their labels, annotations, duration and interval."""
    group = {
        "interval": 1,
        "rules": [
            {
                "type": "alerting",
                "name": "TargetDown",
                "query": "up == 0",
                "duration": 5,
                "labels": dict(ALERT.labels),
                "annotations": dict(ALERT.annotations),
                "health": "ok",
            },
            {"type": "recording", "name": "a:b", "query": "sum(up)", "health": "ok"},
        ],
    }
    found = client(rules={"groups": [group]}).rules()
    assert found.rules[0] == ALERT
    assert [each.name for each in found.alerts] == ["TargetDown"]
    assert PrometheusRules(MonitoredCluster([], {}), ENDPOINT).rules().refused  # type: ignore[arg-type]


def test_the_metrics_of_an_expression_are_found_wherever_they_are() -> None:
    """In operations, in calls and in ranges."""
    parsed: dict[str, Any] = {
        "type": "binaryExpr",
        "lhs": {"type": "call", "args": [{"type": "matrixSelector", "name": "a_total"}]},
        "rhs": {"type": "aggregation", "expr": {"type": "vectorSelector", "name": "up"}},
    }
    assert client(parse_query=parsed).metrics("-") == {"a_total", "up"}
    with pytest.raises(Refused, match="does not answer /api/v1/parse_query"):
        client().metrics("-")


def test_what_an_expression_selects_is_found_with_its_labels() -> None:
    """Each once, as a query has it."""
    matchers = [
        {"name": "__name__", "type": "=", "value": "up"},
        {"name": "job", "type": "!~", "value": 'a"b'},
    ]
    selector = {"type": "vectorSelector", "name": "up", "matchers": matchers}
    parsed: dict[str, Any] = {"type": "binaryExpr", "lhs": selector, "rhs": selector}
    assert client(parse_query=parsed).selectors("-") == ('{__name__="up",job!~"a\\"b"}',)


def test_a_route_inherits_its_times() -> None:
    """From the routes above it, or else from Alertmanager's own defaults."""
    text = (
        "route: {receiver: a, group_wait: 1s, routes: [{receiver: b, group_interval: 2s},"
        " {receiver: c, routes: [{group_wait: 3s}]}]}"
    )
    cluster = MonitoredCluster([], {"/prometheus/api/v2/status": {"config": {"original": text}}})
    manager = Alertmanager(cluster, ENDPOINT)  # type: ignore[arg-type]
    assert manager.times("a") == RouteTimes(1, 300)
    assert manager.times("b") == RouteTimes(1, 2)
    assert manager.times("c") == RouteTimes(3, 300)
    with pytest.raises(Refused, match="no route of monitoring/prometheus leads to d"):
        manager.times("d")


def test_rules_that_are_those_of_the_files_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """And have a page each, and read what is measured."""
    actor = inspector(monkeypatch, series={"up"})
    actor.assert_as_declared(STATE)
    actor.assert_alerts_explained(STATE)
    actor.assert_critical(STATE, ["TargetDown"])
    actor.assert_measured(STATE, [["metric"]])


@pytest.mark.parametrize(
    ("loaded", "said"),
    [
        ((), "Prometheus has no rule"),
        ((ALERT,), "Prometheus lacks a:b"),
        ((ALERT, RECORD, replace(ALERT, name="New")), "no file has New"),
        (
            (replace(ALERT, duration=3600), RECORD),
            "Prometheus lacks TargetDown; no file has TargetDown",
        ),
        ((replace(ALERT, query="up == 1"), RECORD), "no file has TargetDown"),
        ((ALERT, replace(RECORD, health="err")), "a:b cannot be evaluated"),
    ],
)
def test_rules_that_are_not_those_of_the_files_are_named(
    monkeypatch: pytest.MonkeyPatch, loaded: tuple[Rule, ...], said: str
) -> None:
    """One is missing, more than declared, different, or fails."""
    with pytest.raises(AssertionError, match=said):
        inspector(monkeypatch).assert_as_declared(replace(STATE, loaded=loaded))


@pytest.mark.parametrize(
    ("series", "exempt", "said"),
    [
        (set(), [], "TargetDown cannot fire: there is no series up"),
        ({"up"}, ["up"], "up has a series, so it is no exception"),
        ({"up"}, ["down"], "down is read by no rule"),
    ],
)
def test_a_rule_that_cannot_fire_is_named(
    monkeypatch: pytest.MonkeyPatch, series: set[str], exempt: list[str], said: str
) -> None:
    """Its metric has no series; and an exception has to be one."""
    table = [["metric"], *([each] for each in exempt)]
    with pytest.raises(AssertionError, match=said):
        inspector(monkeypatch, series=series).assert_measured(STATE, table)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"annotations": ()}, "TargetDown has no summary, description, runbook_url"),
        ({"labels": ()}, "TargetDown has no severity"),
        (
            {"annotations": (*ALERT.annotations, ("runbook_url", "docs/none.md"))},
            "there is no page docs/none.md",
        ),
        ({"name": "TargetMissing"}, "the page .*target-down.md is not about it"),
    ],
)
def test_an_alert_that_explains_nothing_is_named(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], said: str
) -> None:
    """Without words, without a severity, or with a page that is not there."""
    state = replace(STATE, loaded=(replace(ALERT, **changed),))
    with pytest.raises(AssertionError, match=said):
        inspector(monkeypatch).assert_alerts_explained(state)


def test_critical_alerts_are_those_that_are_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways."""
    with pytest.raises(
        AssertionError, match="Other is not critical; TargetDown is critical, and nothing"
    ):
        inspector(monkeypatch).assert_critical(STATE, ["Other"])


def test_without_promtool_the_rules_are_unverified(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is built with Prometheus, which other clusters pull."""
    name = "acceptance.domains.observability.alerts.rules.built_promtool"
    monkeypatch.setattr(name, lambda: None)
    with pytest.raises(Unverifiable, match="No promtool was built"):
        inspector(monkeypatch).run_unit_tests()


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ({"production": None, "short": None}, None),
        ({"production": "FAILED: DatabaseAway", "short": None}, "production: FAILED: DatabaseAway"),
        ({}, "No unit test was run"),
    ],
)
def test_a_unit_test_that_fails_is_told_with_its_variant(
    monkeypatch: pytest.MonkeyPatch, faults: dict[str, str | None], said: str | None
) -> None:
    """And none at all is no success."""
    if said is None:
        inspector(monkeypatch).assert_unit_tests_pass(UnitTests(faults))
        return
    with pytest.raises(AssertionError, match=said):
        inspector(monkeypatch).assert_unit_tests_pass(UnitTests(faults))


CONFIGURED = "alerting: {alertmanagers: [{static_configs: []}]}"
DROPPED = "alerting: {alert_relabel_configs: [{action: drop}], alertmanagers: [{}]}"
CHANGED = "alerting: {alertmanagers: [{alert_relabel_configs: [{target_label: severity}]}]}"


@pytest.mark.parametrize(
    ("configured", "managers", "said"),
    [
        (CONFIGURED, ["http://a"], None),
        ("{}", [], "knows no Alertmanager"),
        (DROPPED, ["http://a"], "changes alerts before it sends them: drop"),
        (CHANGED, ["http://a"], "changes alerts before it sends them: replace"),
    ],
)
def test_alerts_have_to_be_passed_on_as_they_are(
    monkeypatch: pytest.MonkeyPatch, configured: str, managers: list[str], said: str | None
) -> None:
    """To an Alertmanager, without one being dropped or changed on the way."""
    active = {"activeAlertmanagers": [{"url": each} for each in managers]}
    paths: dict[str, object] = {
        f"{PATH}/api/v1/status/config": {"data": {"yaml": configured}},
        f"{PATH}/api/v1/alertmanagers": {"data": active},
    }
    found = PrometheusRules(MonitoredCluster([], paths), ENDPOINT)  # type: ignore[arg-type]
    actor = inspector(monkeypatch)
    monkeypatch.setattr(actor, "rules", lambda: found)
    if said is None:
        actor.assert_passed_on()
    else:
        with pytest.raises(AssertionError, match=said):
            actor.assert_passed_on()


def test_a_prometheus_that_does_not_say_where_alerts_go_is_at_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No answer is no sign that all is well."""
    actor = inspector(monkeypatch)
    monkeypatch.setattr(actor, "rules", client)
    with pytest.raises(AssertionError, match="unknown where alerts are sent"):
        actor.assert_passed_on()
