from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from acceptance.domains.observability import CriticalMetricsOperator, MetricState
from acceptance.domains.observability.drivers.prometheus import Sample
from acceptance.domains.observability.metrics.critical_metrics import (
    GOLDEN_SIGNALS,
    CollectedMetric,
    MetricRow,
)
from acceptance.settings import Timeouts
from tests.fakes.monitored_cluster import MonitoredCluster, pod
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

REQUESTS = CollectedMetric(
    MetricRow("backend", "traffic", "backend", "http_requests_total", "route", "pod"),
    lacking=(),
    series=2,
    before=3,
    after=5,
    refused="",
)


def every_signal() -> tuple[CollectedMetric, ...]:
    """All golden signals of all three workloads."""
    return tuple(
        replace(REQUESTS, row=replace(REQUESTS.row, of=name, signal=signal))
        for name in SYSTEM.names
        for signal in GOLDEN_SIGNALS
    )


STATE = MetricState(every_signal(), ("http_requests_created", "http_requests_total"))


def check(state: MetricState) -> None:
    """Judge what the scenario judges."""
    cluster = MonitoredCluster([pod("backend")], {})
    actor = CriticalMetricsOperator(context_of(SYSTEM, cluster, timeouts=Timeouts()))
    actor.assert_all_collected(state)
    actor.assert_traffic_counted(state)
    actor.assert_golden_signals(state)
    actor.assert_nothing_beside(state)


def test_metrics_of_every_pod_that_rise_pass() -> None:
    """With all golden signals, and nothing beside."""
    check(STATE)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"series": 0}, "there is no http_requests_total of backend for the traffic of backend"),
        ({"refused": "no"}, "there is no http_requests_total of backend"),
        ({"lacking": ("backend-1",)}, "the pod backend-1 has no http_requests_total"),
        ({"after": 3}, "the traffic of backend stays at 3 while visitors come"),
    ],
)
def test_a_metric_that_is_missing_or_does_not_rise_is_named(
    changed: dict[str, object], said: str
) -> None:
    """No series, no answer, none of one pod, or always the same."""
    first, *others = STATE.metrics
    broken = replace(first, **changed)  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match=said):
        check(replace(STATE, metrics=(broken, *others)))


OWN = "checkout"
BOUND = {"metadata": {"namespace": OWN, "name": "tls"}}
POD = {
    "metadata": {"namespace": OWN},
    "status": {"phase": "Running"},
    "spec": {"volumes": [{"persistentVolumeClaim": {"claimName": "data"}}, {"emptyDir": {}}]},
}


class Things(MonitoredCluster):
    """A cluster with a node, a certificate and a pod with a claim, and what Prometheus has."""

    def items(self, path: str, **_: str) -> list[Any]:
        """The objects of a kind."""
        kinds: dict[str, list[Any]] = {
            "nodes": [{"metadata": {"name": "one"}}],
            "certificates": [BOUND],
            "pods": [POD],
        }
        return kinds[path.rpartition("/")[2]]


@pytest.mark.parametrize(
    ("each", "labels", "lacking"),
    [
        ("node", {"node": "one"}, ()),
        ("node", {"node": "two"}, ("one",)),
        ("claim", {"persistentvolumeclaim": "data", "namespace": OWN}, ()),
        ("claim", {"persistentvolumeclaim": "data", "namespace": "other"}, (f"{OWN}/data",)),
        ("certificate", {"name": "tls", "exported_namespace": OWN, "namespace": "issuer"}, ()),
        ("certificate", {"name": "other", "exported_namespace": OWN}, (f"{OWN}/tls",)),
        ("pod", {"pod": "backend-1"}, ()),
        ("pod", {"pod": "backend-2"}, ("backend-1",)),
        ("", {}, ()),
    ],
)
def test_whatever_has_to_have_a_series_of_its_own_is_named(
    each: str, labels: dict[str, str], lacking: tuple[str, ...]
) -> None:
    """By the objects of the cluster, and by the labels of the series."""
    actor = CriticalMetricsOperator(context_of(SYSTEM, Things([pod("backend")], {})))
    row = MetricRow("backend", "errors", "backend", "a_metric", "", each)
    there = Sample(tuple(labels.items()), 1.0)
    assert actor.lacking(row, [there]) == lacking


def test_a_workload_without_a_golden_signal_is_named() -> None:
    """Each of them has four."""
    with pytest.raises(AssertionError, match="tells of the traffic of backend"):
        check(replace(STATE, metrics=(replace(STATE.metrics[1]), *STATE.metrics[1:], TRAFFIC)))


TRAFFIC = replace(REQUESTS, row=replace(REQUESTS.row, of="ingress"))


@pytest.mark.parametrize(
    ("exported", "said"),
    [
        ((), "The backend exports no metric of its own"),
        (("logins_total",), "The backend exports logins_total, which the table does not name"),
        (("http_requests_by_user_created",), "exports http_requests_by_user_created"),
    ],
)
def test_a_metric_that_nobody_declared_is_named(exported: tuple[str, ...], said: str) -> None:
    """What belongs to a declared one is declared too, and nothing that only begins alike."""
    with pytest.raises(AssertionError, match=said):
        check(replace(STATE, exported=exported))


def test_an_empty_table_proves_nothing() -> None:
    """No metric is critical then."""
    with pytest.raises(AssertionError, match="No metric is critical"):
        check(MetricState((), ()))
