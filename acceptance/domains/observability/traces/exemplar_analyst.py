"""Follows the exemplar of a metric to the trace of the request that it counted."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.observability.drivers import prometheus
from acceptance.domains.observability.drivers.prometheus import Prometheus
from acceptance.domains.observability.traces import trace_rules
from acceptance.domains.observability.traces.reader import TraceReader, require_answer
from acceptance.domains.traffic.ingress_client import reach
from acceptance.drivers.checkout_api import CheckoutApi, named_trace
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import require
from acceptance.waiting import DeadlineExceeded, eventually

if TYPE_CHECKING:
    from acceptance.domains.observability.drivers.jaeger import Trace
    from acceptance.domains.observability.drivers.prometheus import Exemplar, Exemplars

_METRIC = "http_request_duration_seconds_bucket"
_LABELS = (("method", "http.request.method"), ("route", "http.route"))
"""Labels of the metric, and the attributes of the span that say the same."""
_SECOND = 1_000_000


@dataclass(frozen=True)
class FollowedExemplar:
    """The exemplar of a visitor's request, and the trace that it leads to."""

    exemplar: Exemplar
    trace: Trace


class ExemplarAnalyst(TraceReader):
    """Asks Prometheus for exemplars, and Jaeger for their traces."""

    def follow_exemplar(self) -> FollowedExemplar:
        """Send requests until Prometheus has an exemplar of one, and return that with its trace.

        A later request takes the place of an earlier one before the next scrape, so there are
        several. Raises `Unverifiable` if there is no Prometheus or Jaeger, or the API server does
        not list it.
        """
        store = self._jaeger()
        client = Prometheus(self._cluster, self._endpoints(prometheus.PROGRAMS, "monitoring")[0])
        sent: set[str] = set()
        seen: list[Exemplars] = []

        def look() -> list[Exemplar]:
            sent.update(filter(None, named_trace(api.checkouts(), self.system.contract)[:1]))
            seen.append(client.exemplars(_METRIC, 2 * self._timeouts.observation))
            return [each for each in seen[-1].exemplars if each.trace in sent]

        with (
            closing(reach(self.system, timeout=self._timeouts.request)) as http,
            suppress(DeadlineExceeded),
        ):
            api = CheckoutApi(http, self.system.contract)
            eventually(look, bool, timeout=self._timeouts.observation)
        self._keep("Exemplars", pretty(asdict(seen[-1])))
        last = seen[-1]
        require(sent, "No answer names a trace, so no exemplar can lead to it.")
        require(not last.refused, f"{last.endpoint.name} returns no exemplars: {last.refused}")
        own = [each for each in last.exemplars if each.trace in sent]
        require(
            own,
            f"{last.endpoint.name} has {len(last.exemplars)} exemplars, and none of a visitor's "
            f"{len(sent)} requests.",
        )
        trace = self._until(
            lambda: store.trace(own[-1].trace),
            lambda found: any(span.id == own[-1].span for span in found.spans),
        )
        return FollowedExemplar(own[-1], trace)

    def assert_exemplar_leads_to_trace(self, found: FollowedExemplar) -> None:
        """The trace has the span that the metric counted: its route, its pod and its duration."""
        exemplar = found.exemplar
        require_answer(found.trace)
        own = [span for span in found.trace.spans if span.id == exemplar.span]
        require(own, f"The trace {exemplar.trace} has no span {exemplar.span} of the exemplar.")
        span = own[0]
        said = [(exemplar.label(label), span.attribute(name)) for label, name in _LABELS]
        said.append((exemplar.label("pod"), dict(span.resource).get("k8s.pod.name", "")))
        for counted, traced in said:
            require(counted == traced, f"The metric counted {counted}, and {span} is of {traced}.")
        apart = abs(exemplar.value * _SECOND - span.duration)
        require(
            apart <= trace_rules.BOOKKEEPING,
            f"The metric counted {exemplar.value:g} s, and {span} took "
            f"{span.duration / _SECOND:g} s.",
        )
