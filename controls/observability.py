"""Sabotages that the domain observability must detect: of metrics, logs and alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.changed_backend import change_backend
from controls.control import control
from controls.deploy_fake import deploy_fake, service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controls.saboteur import Saboteur

_ONE_TRACE = "A visitor's checkout is one trace from the browser to the database"
_MARKED = "A statement that the database refuses is marked in the trace"
_LOG_LINE = "A log line leads to the trace of its request"
_DECLARED = "Exactly the declared spans and attributes are recorded"
_RULE = {
    "type": "alerting",
    "name": "RefusedLogins",
    "health": "ok",
    "labels": {"category": "security"},
}


@control(
    "TASK-002-DOD-6",
    "Security alerts reach a receiver",
    expects="None of 0 alert rules has the category security",
)
def alerting_without_a_rule(saboteur: Saboteur) -> None:
    """Deploy Prometheus and Alertmanager without an alert rule."""
    deploy_fake(saboteur, "prometheus", {"status": "success", "data": {"groups": []}})
    deploy_fake(saboteur, "alertmanager", [{"name": "on-call"}])


@control(
    "TASK-002-DOD-6",
    "Security alerts reach a receiver",
    expects="Nobody receives the alerts: the receivers are null",
)
def a_receiver_that_discards_alerts(saboteur: Saboteur) -> None:
    """Write an alert rule, and keep the default receiver, which discards alerts."""
    groups = [{"name": "attacks", "rules": [_RULE]}]
    deploy_fake(saboteur, "prometheus", {"status": "success", "data": {"groups": groups}})
    deploy_fake(saboteur, "alertmanager", [{"name": "null"}])


@control(
    "TASK-001-DOD-7",
    "Prometheus scrapes every backend pod",
    expects=r"backend-\S+ is not scraped",
)
def a_prometheus_without_targets(saboteur: Saboteur) -> None:
    """Deploy Prometheus without a scrape target."""
    deploy_fake(saboteur, "prometheus", {"status": "success", "data": {"activeTargets": []}})


@control(
    "TASK-001-DOD-7",
    "Prometheus scrapes every backend pod",
    expects="does not return its scrape targets",
)
def a_prometheus_without_pods(saboteur: Saboteur) -> None:
    """Keep the Service of a Prometheus that was scaled to zero."""
    saboteur.create(service("prometheus"))


@control(
    "TASK-001-DOD-7",
    "A request is found in the log store",
    expects="has no line of the request",
)
def a_log_store_without_logs(saboteur: Saboteur) -> None:
    """Deploy a log store, and no agent that sends it logs."""
    deploy_fake(saboteur, "opensearch", {"hits": {"total": {"value": 0}, "hits": []}})


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
    _change(saboteur, "ingress", "traefik", {"env": [variable]})


@control("TASK-003-AC-4", _ONE_TRACE, expects="there is no span of the browser")
def a_browser_whose_spans_lead_nowhere(saboteur: Saboteur) -> None:
    """Forget the path of the ingress to which browsers send their spans."""
    saboteur.remove("ingress/browser-traces", namespace="monitoring")
    saboteur.await_answer(saboteur.system.host, "/otlp/v1/traces", 404)


@control("TASK-003-AC-4", _ONE_TRACE, expects="does not know the trace")
@control("TASK-003-AC-4", _LOG_LINE, expects="does not know the trace")
def few_traces_are_kept(saboteur: Saboteur) -> None:
    """Keep less than one trace in a hundred, as one would to save memory."""
    variable = {"name": "TRACES_KEPT_BELOW", "value": "02"}
    _change(saboteur, "monitoring", "jaeger", {"env": [variable]})


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
    _edit_options(saboteur, "[memory_limiter, filter/browser, ", "[memory_limiter, ")


def _edit_options(saboteur: Saboteur, old: str, new: str) -> None:
    """Replace a text of Jaeger's options by another one, and let it read them."""
    where = "monitoring"
    path = "--output=jsonpath={.spec.template.spec.volumes[0].configMap.name}"
    name = saboteur.kubectl("get", "deployment/jaeger", path, namespace=where)
    path = r"--output=jsonpath={.data.config\.yaml}"
    options = saboteur.kubectl("get", f"configmap/{name}", path, namespace=where)
    assert options.count(old) == 1, f"the options have {old!r} {options.count(old)} times"
    saboteur.create(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "changed-options"},
            "data": {"config.yaml": options.replace(old, new)},
        },
        namespace=where,
    )
    volume = {"name": "config", "configMap": {"name": "changed-options"}}
    _change(saboteur, where, "jaeger", {}, volumes=[volume])


def _change(
    saboteur: Saboteur,
    namespace: str,
    name: str,
    change: Mapping[str, object],
    **more: object,
) -> None:
    """Change the only container of a program beside the system, and wait for its new pod."""
    target = f"deployment/{name}"
    wait = ("rollout", "status", target, "--timeout=60s")
    saboteur.afterwards(*wait, namespace=namespace)
    spec = {"containers": [{"name": name, **change}], **more}
    saboteur.patch(target, {"spec": {"template": {"spec": spec}}}, namespace=namespace)
    saboteur.kubectl(*wait, namespace=namespace)
