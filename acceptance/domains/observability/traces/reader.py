"""What the actors share that look up traces in the running Jaeger."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from acceptance.domains.observability.drivers import jaeger
from acceptance.domains.observability.drivers.jaeger import Jaeger
from acceptance.domains.observability.logs.actor import Pace
from acceptance.domains.observability.monitoring import MonitoringOperator
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import require
from acceptance.waiting import last_seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.domains.observability.drivers.jaeger import Trace


class TraceReader(MonitoringOperator):
    """Asks Jaeger for traces until they are whole."""

    def _jaeger(self) -> Jaeger:
        return Jaeger(self._cluster, self._endpoints(jaeger.PROGRAMS, "trace store")[0])

    def _until(self, ask: Callable[[], Trace], whole: Callable[[Trace], bool]) -> Trace:
        """Return the trace when it is `whole`, or the last one at the deadline; keep it."""
        # Each sender sends its spans a moment after they end.
        trace = last_seen(ask, whole, timeout=self._timeouts.observation, wake=Pace())
        self._keep("The trace", pretty(asdict(trace)))
        return trace


def require_answer(trace: Trace) -> None:
    """Jaeger has answered, and knows the trace."""
    name = trace.endpoint.name
    require(not trace.refused, f"{name} does not return the trace: {trace.refused}")
    require(trace.spans, f"{name} does not know the trace {trace.id}.")
