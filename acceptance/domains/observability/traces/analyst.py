"""Finds the traces of requests in the running Jaeger, and checks them."""

from __future__ import annotations

import json
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.domains.observability.metrics.refused_payments import PAYMENTS, PaymentErrors
from acceptance.domains.observability.traces import trace_rules
from acceptance.domains.observability.traces.reader import TraceReader, require_answer
from acceptance.domains.traffic.ingress_client import reach
from acceptance.drivers.checkout_api import CheckoutApi
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import listed, require, require_each
from acceptance.waiting import DeadlineExceeded, eventually

if TYPE_CHECKING:
    from acceptance.domains.observability.drivers.jaeger import Trace
    from acceptance.domains.traffic import Journey, RefusedPayment
    from acceptance.drivers.browser import SentContext

_LINES = 2000
"""Of each pod's log, to look for a line that was written a moment ago."""
_CALLS = 4
"""What a visitor's checkout takes at least: create, add two items, pay."""


@dataclass(frozen=True)
class CheckoutTrace:
    """The trace of a visitor's checkout, and the calls of the page that should be in it."""

    trace: Trace
    calls: tuple[SentContext, ...]


@dataclass(frozen=True)
class LoggedRequest:
    """What a log line says about the trace of its request, and the trace that it leads to."""

    request_id: str
    pod: str
    trace_id: str
    span_id: str
    trace: Trace


class TraceAnalyst(TraceReader, PaymentErrors):
    """Looks up traces in Jaeger, and checks what they say about a request."""

    def await_recording(self) -> None:
        """Every ready backend pod says in its answers that it records them.

        A pod finds a collector a moment after that is ready.
        Raises `Unverifiable` if there is no Jaeger, or the API server does not list it.
        """
        self._jaeger()
        ready = self.serving_when_full(self.system.workloads.backend)
        recording: set[str] = set()

        def look() -> list[str]:
            reply = api.checkouts()
            if reply.header("traceresponse"):
                recording.add(reply.served_by)
            return [pod for pod in ready if pod not in recording]

        with (
            closing(reach(self.system, timeout=self._timeouts.request)) as http,
            suppress(DeadlineExceeded),
        ):
            api = CheckoutApi(http, self.system.contract)
            eventually(look, lambda silent: not silent, timeout=self._timeouts.observation)
        self._keep("Which pods record traces", pretty({"ready": ready, "do": sorted(recording)}))
        require_each(
            ready,
            lambda pod: None if pod in recording else f"{pod} records no trace of a request",
            nothing="No backend pod is ready.",
        )

    def find_checkout_trace(self, journey: Journey) -> CheckoutTrace:
        """Return the trace that the page named when it paid, once it is whole, or at the deadline.

        Raises `Unverifiable` if there is no Jaeger, or the API server does not list it.
        """
        found = self._jaeger()
        contexts = [each for each in journey.noted.contexts if each.recorded]
        changes = tuple(each for each in contexts if each.request.startswith("POST "))
        require(changes, "The browser sends no trace context with its requests.")
        trace = self._until(
            lambda: found.trace(changes[-1].trace), lambda trace: not _gaps(trace, changes)
        )
        return CheckoutTrace(trace, changes)

    def assert_one_trace(self, found: CheckoutTrace) -> None:
        """All calls of the checkout are in one trace, each from the browser to the database."""
        traces = {call.trace for call in found.calls}
        require(
            len(found.calls) >= _CALLS,
            f"The visitor's checkout took only {len(found.calls)} calls.",
        )
        require(len(traces) == 1, f"The calls of one checkout are in {len(traces)} traces.")
        require_answer(found.trace)
        require_each(
            found.calls,
            lambda call: trace_rules.missing_link(found.trace, call),
            nothing="The browser made no call.",
        )

    def assert_no_orphan(self, found: CheckoutTrace) -> None:
        """Every span has its parent, but the one of the browser's with which the trace begins."""
        trace = found.trace
        faults = trace_rules.orphans(trace)
        require(not faults, listed(faults))
        names = [str(span) for span in trace_rules.roots(trace)]
        wanted = f"{trace_rules.BROWSER}: checkout"
        require(names == [wanted], f"The trace begins with {', '.join(names) or 'nothing'}.")

    def assert_durations(self, found: CheckoutTrace) -> None:
        """Every span lies within its parent, and no request is shorter than its calls together."""
        require(len(found.trace.spans) > _CALLS, "The trace has hardly a span.")
        faults = trace_rules.outside_parent(found.trace)
        faults += trace_rules.too_long_together(found.trace)
        require(not faults, listed(faults))

    def assert_failed_statement_marked(self, refused: RefusedPayment) -> None:
        """The statement that the database refused is marked with its code, and no other one."""
        require(
            refused.trace_id, f"The answer names no trace: {refused.reply}. Is tracing switched on?"
        )
        found = self._jaeger()
        trace = self._until(
            lambda: found.trace(refused.trace_id),
            lambda trace: len(trace_rules.statements(trace)) > 1 and not trace_rules.orphans(trace),
        )
        require_answer(trace)
        calls = trace_rules.statements(trace)
        wrong = [span for span in calls if span.failed]
        named = ", ".join(map(str, wrong)) or "none"
        require(len(calls) > 1, f"The trace has {len(calls)} statements, so no other is unmarked.")
        require(
            [span.attribute("db.collection.name") for span in wrong] == [PAYMENTS]
            and wrong[0].attribute("db.operation.name") == "INSERT",
            f"The database refused to write {PAYMENTS}, and the marked statements are: {named}.",
        )
        require(
            wrong[0].attribute("error.type"), f"{wrong[0]} is marked, and does not say by what."
        )
        above = [span for span in trace.spans if span.id == wrong[0].parent]
        require(
            above and above[0].failed and above[0].kind == "server",
            f"The request above {wrong[0]} is not marked.",
        )

    def follow_log_line(self, request_id: str) -> LoggedRequest:
        """Return what the backend's log line of a request says, and the trace that it names."""
        found = self._jaeger()
        line = self._log_line(request_id)
        trace_id, span_id = str(line.get("trace_id", "")), str(line.get("span_id", ""))
        require(trace_id and span_id, f"The log line of the request names no trace: {line}")
        trace = self._until(
            lambda: found.trace(trace_id),
            lambda trace: any(span.id == span_id for span in trace.spans),
        )
        return LoggedRequest(request_id, str(line.get("pod")), trace_id, span_id, trace)

    def assert_log_line_leads_to_trace(self, found: LoggedRequest) -> None:
        """The trace has the very span of the request, of the pod that wrote the line."""
        require_answer(found.trace)
        own = [span for span in found.trace.spans if span.id == found.span_id]
        require(own, f"The trace {found.trace_id} has no span {found.span_id} of the log line.")
        span = own[0]
        said = span.attribute("request.id")
        require(said == found.request_id, f"{span} is of the request {said or '(none)'}.")
        pod = dict(span.resource).get("k8s.pod.name")
        require(pod == found.pod, f"{found.pod} wrote the line, and {pod} served the request.")

    def _log_line(self, request_id: str) -> dict[str, Any]:
        def look() -> list[dict[str, Any]]:
            return [line for line in self._log_lines() if line.get("request_id") == request_id]

        found = eventually(
            look,
            bool,
            timeout=self._timeouts.observation,
            what="a log line of the request",
            describe=lambda lines: f"{len(lines)} lines",
        )
        self._keep("The log line", pretty(found[-1]))
        return found[-1]

    def _log_lines(self) -> list[dict[str, Any]]:
        backend, lines = self.system.workloads.backend, []
        for pod in self._pods(backend):
            where = (self.system.namespace, pod.name, pod.main.name)
            text = self._cluster.log(*where, lines=_LINES) or ""
            for line in text.splitlines():
                with suppress(ValueError):
                    lines.append(json.loads(line))
        return [line for line in lines if isinstance(line, dict)]


def _gaps(trace: Trace, calls: tuple[SentContext, ...]) -> bool:
    """Whether something of the checkout has not arrived yet."""
    return bool(
        not trace_rules.roots(trace)
        or trace_rules.orphans(trace)
        or any(trace_rules.missing_link(trace, call) for call in calls)
    )
