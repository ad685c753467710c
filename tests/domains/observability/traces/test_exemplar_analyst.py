from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from acceptance.domains.observability import (
    ExemplarAnalyst,
)
from acceptance.domains.observability.traces import exemplar_analyst
from acceptance.drivers.http import Reply
from acceptance.judgement import Unverifiable
from acceptance.settings import Timeouts
from tests.domains.observability.traces.samples import TRACE, as_jaeger, span
from tests.fakes.monitored_cluster import MonitoredCluster
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

if TYPE_CHECKING:
    from acceptance.domains.observability.drivers.jaeger import Span

SERVED = span(
    "own",
    "",
    "checkout-backend",
    "server",
    duration=20_000,
    attributes=(("http.request.method", "GET"), ("http.route", "/api/checkouts")),
    resource=(("k8s.pod.name", "backend-1"),),
)
PATIENCE = Timeouts(observation=0.01)


def service(program: str) -> dict[str, Any]:
    """The Service of a program of the monitoring."""
    labels = {"app.kubernetes.io/name": program}
    metadata = {"name": program, "namespace": "monitoring", "labels": labels}
    return {"metadata": metadata, "spec": {"ports": [{"name": "api", "port": 80}]}}


def exemplars(trace: str = TRACE, **labels: str) -> dict[str, Any]:
    """What Prometheus answers about one exemplar."""
    series = {"method": "GET", "route": "/api/checkouts", "pod": "backend-1", **labels}
    one = {"labels": {"trace_id": trace, "span_id": "own"}, "value": "0.02", "timestamp": 1.0}
    return {"status": "success", "data": [{"seriesLabels": series, "exemplars": [one]}]}


def analyst(
    monkeypatch: pytest.MonkeyPatch, answer: object, *spans: Span, header: str = f"00-{TRACE}-b-01"
) -> ExemplarAnalyst:
    """The analyst of a cluster with a Prometheus and a Jaeger that give these answers."""

    class Ingress:
        host = "checkout.local"

        def send(self, *_: object, **__: object) -> Reply:
            """Answer as a backend that records, or does not."""
            return Reply(200, (("traceresponse", header),), "", 0.0)

        def close(self) -> None:
            """Close nothing."""

    monkeypatch.setattr(exemplar_analyst, "reach", lambda *_, **__: Ingress())
    services = "/api/v1/namespaces/monitoring/services"
    answers = {
        "/api/v1/services": [service("prometheus"), service("jaeger")],
        f"{services}/prometheus:80/proxy/api/v1/query_exemplars": answer,
        f"{services}/jaeger:80/proxy/api/traces": as_jaeger(list(spans)),
    }
    return ExemplarAnalyst(context_of(SYSTEM, MonitoredCluster([], answers), timeouts=PATIENCE))


def test_an_exemplar_leads_to_the_request_that_was_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of the same route and pod, and as long."""
    actor = analyst(monkeypatch, exemplars(), SERVED)
    found = actor.follow_exemplar()
    assert found.exemplar.label("route") == "/api/checkouts"
    actor.assert_exemplar_leads_to_trace(found)


def test_without_programs_nothing_is_known() -> None:
    """Exemplars need both of them."""
    cluster = MonitoredCluster([], {"/api/v1/services": [service("jaeger")]})
    actor = ExemplarAnalyst(context_of(SYSTEM, cluster, timeouts=PATIENCE))
    with pytest.raises(Unverifiable, match="No monitoring is deployed"):
        actor.follow_exemplar()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (exemplars("another"), "has 1 exemplars, and none of a visitor's 1 requests"),
        ({"status": "success", "data": []}, "has 0 exemplars"),
        ({"status": "error"}, "monitoring/prometheus returns no exemplars"),
        (None, "returns no exemplars: .*no endpoints available"),
    ],
)
def test_missing_exemplars_are_reported(
    answer: object, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of others lead to no request of ours."""
    with pytest.raises(AssertionError, match=said):
        analyst(monkeypatch, answer, SERVED).follow_exemplar()


def test_an_answer_without_a_trace_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then no exemplar can be recognised."""
    with pytest.raises(AssertionError, match="No answer names a trace"):
        analyst(monkeypatch, exemplars(), SERVED, header="").follow_exemplar()


@pytest.mark.parametrize(
    ("answer", "served", "said"),
    [
        (exemplars(), replace(SERVED, id="more"), "has no span own of the exemplar"),
        (exemplars(route="/other"), SERVED, "counted /other, and .* is of /api/checkouts"),
        (exemplars(pod="backend-2"), SERVED, "counted backend-2, and .* is of backend-1"),
        (exemplars(), replace(SERVED, duration=2_000_000), r"counted 0.02 s, and .* took 2 s"),
    ],
)
def test_an_exemplar_that_leads_astray_is_reported(
    answer: object, served: Span, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To another span, route, pod, or a request of another length."""
    actor = analyst(monkeypatch, answer, served)
    with pytest.raises(AssertionError, match=said):
        actor.assert_exemplar_leads_to_trace(actor.follow_exemplar())
