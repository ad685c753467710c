"""Sabotages of traces that the domain observability must detect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.changed_backend import change_backend
from controls.changed_programs import change_program, edit_configuration
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_ONE_TRACE = "A visitor's checkout is one trace from the browser to the database"
_MARKED = "A statement that the database refuses is marked in the trace"
_CUT_OFF = "A statement during which the connection is lost is marked in the trace"
_KEPT = "Every trace is kept, whatever its id"
_LOG_LINE = "A log line leads to the trace of its request"
_EXEMPLAR = "A metric leads to the trace of a request that it counted"
_DECLARED = "Exactly the declared spans and attributes are recorded"


@control("TASK-003-AC-4", _ONE_TRACE, expects="there is no span of the database")
@control(
    "TASK-003-AC-4",
    _DECLARED,
    expects="INSERT checkouts is declared, and was not recorded",
)
def a_database_without_spans(saboteur: Saboteur) -> None:
    """Forget to instrument the database's statements."""
    change_backend(
        saboteur,
        "import contextlib, checkout_backend.database_spans as spans\n"
        "spans.DatabaseSpans.statement = lambda *_: contextlib.nullcontext()",
    )


@control("TASK-003-AC-4", _ONE_TRACE, expects="there is no span of the ingress")
def an_ingress_that_drops_the_context(saboteur: Saboteur) -> None:
    """Let the ingress speak another format of trace contexts than everybody else."""
    variable = {"name": "OTEL_PROPAGATORS", "value": "b3"}
    change_program(saboteur, "traefik", {"env": [variable]}, namespace="ingress")


@control("TASK-003-AC-4", _ONE_TRACE, expects="there is no span of the browser")
def a_browser_whose_spans_lead_nowhere(saboteur: Saboteur) -> None:
    """Forget the path of the ingress to which browsers send their spans."""
    saboteur.remove("ingress/browser-traces", namespace="monitoring")
    saboteur.await_answer(saboteur.system.host, "/otlp/v1/traces", 404)


@control("TASK-003-AC-4", _ONE_TRACE, expects="does not know the trace")
@control("TASK-003-AC-4", _LOG_LINE, expects="does not know the trace")
@control("TASK-003-AC-4", _KEPT, expects=r"the trace [1-9]\S+ has no span of checkout-backend")
def few_traces_are_kept(saboteur: Saboteur) -> None:
    """Keep less than one trace in a hundred, as one would to save memory."""
    variable = {"name": "TRACES_KEPT_BELOW", "value": "02"}
    change_program(saboteur, "jaeger", {"env": [variable]})


@control("TASK-003-AC-4", _KEPT, expects=r"the trace f\S+ has no span of checkout-backend")
def every_sixteenth_trace_is_dropped(saboteur: Saboteur) -> None:
    """Take f for the digit behind the last one, and drop the traces that begin with it."""
    variable = {"name": "TRACES_KEPT_BELOW", "value": "f"}
    change_program(saboteur, "jaeger", {"env": [variable]})


@control("TASK-003-AC-4", _KEPT, expects=r"the trace \S+ goes on as ")
def traces_that_begin_anew_in_the_backend(saboteur: Saboteur) -> None:
    """Begin a trace of its own for each request, whoever has begun one before."""
    change_backend(
        saboteur,
        "import types, checkout_backend.tracing as tracing\n"
        "tracing._propagator = types.SimpleNamespace(extract=lambda _: None)",
    )


@control("TASK-003-AC-4", _CUT_OFF, expects="the marked statements are: none")
def lost_connections_that_mark_nothing(saboteur: Saboteur) -> None:
    """Mark what the database refuses, and forget what it never answers."""
    change_backend(
        saboteur,
        "import types, psycopg, checkout_backend.database_spans as spans\n"
        "refused = (psycopg.ProgrammingError, psycopg.IntegrityError, psycopg.DataError)\n"
        "spans.psycopg = types.SimpleNamespace(Error=refused)",
    )


@control("TASK-003-AC-4", _LOG_LINE, expects=r"backend-\S+ records no trace of a request")
def a_backend_that_sends_to_another_port(saboteur: Saboteur) -> None:
    """Send to the port that collectors have for gRPC, by HTTP."""
    workload = saboteur.system.workloads.backend
    address = "http://jaeger.monitoring.svc:4317"
    variable = {"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": address}
    saboteur.change_pods(workload, {"containers": [{"name": workload, "env": [variable]}]})


@control("TASK-003-AC-4", _MARKED, expects="the marked statements are: none")
def errors_that_mark_nothing(saboteur: Saboteur) -> None:
    """Record statements, and forget what becomes of them."""
    change_backend(
        saboteur,
        "import types, checkout_backend.database_spans as spans\n"
        "spans.psycopg = types.SimpleNamespace(Error=ZeroDivisionError)",
    )


@control("TASK-003-AC-4", _MARKED, expects="the marked statements are: .*SELECT checkouts")
def errors_that_mark_every_statement(saboteur: Saboteur) -> None:
    """Mark every statement, because one of them may fail."""
    change_backend(
        saboteur,
        "import contextlib, checkout_backend.database_spans as spans\n"
        "from opentelemetry.trace import StatusCode, get_current_span\n"
        "statement = spans.DatabaseSpans.statement\n"
        "@contextlib.contextmanager\n"
        "def marked(self, query):\n"
        "    with statement(self, query):\n"
        "        get_current_span().set_status(StatusCode.ERROR)\n"
        "        yield\n"
        "spans.DatabaseSpans.statement = marked",
    )


@control("TASK-003-AC-4", _LOG_LINE, expects="The log line of the request names no trace")
def log_lines_without_a_trace(saboteur: Saboteur) -> None:
    """Write log lines as before there were traces."""
    change_backend(
        saboteur,
        "from opentelemetry.trace import INVALID_SPAN\n"
        "import checkout_backend.logs as logs\n"
        "logs.get_current_span = lambda: INVALID_SPAN",
    )


@control("TASK-003-AC-4", _EXEMPLAR, expects="exemplars, and none of a visitor's")
def metrics_without_exemplars(saboteur: Saboteur) -> None:
    """Count requests as before there were traces."""
    change_backend(
        saboteur,
        "import checkout_backend.middleware as middleware\nmiddleware.recorded_ids = lambda _: {}",
    )


@control("TASK-003-AC-4", _EXEMPLAR, expects="has no span .* of the exemplar")
def exemplars_of_another_span(saboteur: Saboteur) -> None:
    """Name the right trace in an exemplar, and a span that is not in it."""
    change_backend(
        saboteur,
        "import checkout_backend.middleware as middleware\n"
        "recorded = middleware.recorded_ids\n"
        "middleware.recorded_ids = lambda span: {**recorded(span), 'span_id': 'f' * 16}",
    )


@control("TASK-003-AC-4", _EXEMPLAR, expects="The metric counted .* s, and .* took .* s")
def exemplars_of_another_duration(saboteur: Saboteur) -> None:
    """Count the duration of a request in sixtieths of a second, and a second too much."""
    change_backend(
        saboteur,
        "import checkout_backend.metrics as metrics\n"
        "count = metrics.Metrics.count\n"
        "def count_more(self, method, route, status, seconds, **more):\n"
        "    count(self, method, route, status, 60 * (seconds + 1), **more)\n"
        "metrics.Metrics.count = count_more",
    )


@control("TASK-003-AC-4", _DECLARED, expects="has enduser.id, not declared")
def an_attribute_that_nobody_declared(saboteur: Saboteur) -> None:
    """Add the visitor's name to the span of each request, to find it more easily."""
    change_backend(
        saboteur,
        "import checkout_backend.middleware as middleware\n"
        "describe = middleware.describe_answer\n"
        "def describe_more(span, *answer):\n"
        "    describe(span, *answer)\n"
        "    span.set_attribute('enduser.id', 'Ada')\n"
        "middleware.describe_answer = describe_more",
    )


@control("TASK-003-AC-4", _DECLARED, expects="holds what a visitor typed: Ada")
def statements_with_their_values(saboteur: Saboteur) -> None:
    """Record statements as the server runs them, with the values in their places."""
    change_backend(
        saboteur,
        "import checkout_backend.postgres as postgres\n"
        "def execute(self, query, values):\n"
        "    with self._spans.statement(query + ' -- ' + repr(values)):\n"
        "        return self._connection.execute(query, values)\n"
        "postgres.PostgresSession._execute = execute",
    )


@control(
    "TASK-003-AC-4",
    "Nobody outside records spans in the name of a program",
    expects="has recorded spans of checkout-backend, checkout-browser",
)
def a_path_for_browsers_that_takes_everything(saboteur: Saboteur) -> None:
    """Forget to look at whose spans browsers send."""
    edit_configuration(
        saboteur,
        "jaeger",
        "config.yaml",
        ("[memory_limiter, filter/browser, ", "[memory_limiter, "),
    )
