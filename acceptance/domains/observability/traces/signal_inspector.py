"""Checks what is recorded in traces, and by whom, against what is declared."""

from __future__ import annotations

import uuid
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from acceptance.domains.observability.drivers import otlp
from acceptance.domains.observability.traces import signals, trace_rules
from acceptance.domains.observability.traces.reader import TraceReader, require_answer
from acceptance.domains.traffic.ingress_client import reach
from acceptance.drivers.checkout_api import transcript
from acceptance.judgement import require, require_each

if TYPE_CHECKING:
    from acceptance.domains.observability.drivers.jaeger import Trace
    from acceptance.domains.observability.traces.signals import Signal
    from acceptance.domains.traffic import Cancellation, Journey, RefusedPayment


class SignalInspector(TraceReader):
    """Compares the spans of visits with the declared ones, and sends some that nobody may send."""

    def collect_traces(
        self, journey: Journey, cancellation: Cancellation, refused: RefusedPayment
    ) -> tuple[Trace, ...]:
        """Return the traces of the visits, each once it is whole, or at the deadline."""
        found = self._jaeger()
        contexts = [
            each
            for noted in (journey.noted, cancellation.noted)
            for each in noted.contexts
            if each.recorded
        ]
        # Without the service's own span, those of the ingress would make it whole.
        wanted: dict[str, set[str]] = {refused.trace_id: {refused.span_id}}
        for each in contexts:
            wanted.setdefault(each.trace, set()).add(each.span)
        require(contexts, "The browser sends no trace context with its requests.")
        require(refused.trace_id, f"The answer names no trace: {refused.reply}.")

        def whole(trace: Trace) -> bool:
            seen = {span.id for span in trace.spans}
            return wanted[trace.id] <= seen and bool(seen) and not trace_rules.orphans(trace)

        return tuple(self._until(partial(found.trace, each), whole) for each in wanted)

    def assert_signals(self, traces: tuple[Trace, ...], declared: tuple[Signal, ...]) -> None:
        """Every declared span and attribute is in the traces, and nothing else is."""
        for trace in traces:
            require_answer(trace)
        spans = [span for trace in traces for span in trace.spans]
        require_each(
            declared,
            lambda signal: signals.missing(signal, spans),
            nothing="No span is declared, so nothing can be compared.",
        )
        require_each(
            spans,
            lambda span: signals.undeclared(span, declared),
            nothing="The traces have no span.",
        )

    def assert_nothing_typed(self, traces: tuple[Trace, ...], journey: Journey) -> None:
        """No attribute of a span holds what a visitor typed."""
        spans = [span for trace in traces for span in trace.spans]
        require_each(
            spans,
            lambda span: (
                f"{span} holds what a visitor typed: {journey.customer}"
                if any(journey.customer in value for _, value in span.attributes)
                else None
            ),
            nothing="The traces have no span.",
        )

    def send_spans(self) -> Trace:
        """Send a span as the backend and one as a browser, as any visitor can.

        Returns their trace once the browser's is in it, or at the deadline.
        Raises `Unverifiable` if there is no Jaeger, or the API server does not list it.
        """
        found = self._jaeger()
        trace_id = uuid.uuid4().hex
        with closing(reach(self.system, timeout=self._timeouts.request)) as http:
            for service in (trace_rules.BACKEND, trace_rules.BROWSER):
                reply = otlp.send_span(http, trace_id, service)
                self._keep(f"A span as {service}", transcript(http.host, reply), "text")
        return self._until(
            lambda: found.trace(trace_id),
            lambda trace: any(span.service == trace_rules.BROWSER for span in trace.spans),
        )

    def assert_only_browser_recorded(self, trace: Trace) -> None:
        """The trace has the browser's span, and no other one."""
        require_answer(trace)
        services = sorted(span.service for span in trace.spans)
        require(
            services == [trace_rules.BROWSER],
            f"A visitor has recorded spans of {', '.join(services)}.",
        )
