"""Sabotages that the domain observability must detect: of metrics, probes and traces."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from controls.changed_backend import change_backend
from controls.changed_programs import (
    MONITORING,
    change_program,
    edit_configuration,
)
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_ONE_TRACE = "A visitor's checkout is one trace from the browser to the database"
_MARKED = "A statement that the database refuses is marked in the trace"
_LOG_LINE = "A log line leads to the trace of its request"
_SCRAPED = "Everything that has metrics is scraped, and nothing else"
_COUNTED = "Requests and checkouts are counted exactly"
_CRITICAL = "Every critical metric is collected, and none beside"
_NEW_REPLICA = "A new replica is scraped within two intervals"
_PROBED = "Every health endpoint is probed and healthy"
_BREAKS = "Only the probes of <broken> fail when it does"
_EXEMPLAR = "A metric leads to the trace of a request that it counted"
_DECLARED = "Exactly the declared spans and attributes are recorded"


@control(
    "TASK-001-DOD-7",
    "Prometheus scrapes every backend pod",
    expects=r"backend-\S+ is not scraped",
)
@control("TASK-003-AC-1", _SCRAPED, expects=r"backend does not scrape backend-\S+")
def a_prometheus_without_the_backend(saboteur: Saboteur) -> None:
    """Look for the backend by a label that its pods do not have."""
    edit_configuration(
        saboteur, "prometheus", "scrape.yaml", ("regex: backend;http", "regex: api;http")
    )


@control(
    "TASK-001-DOD-7",
    "Prometheus scrapes every backend pod",
    expects="does not return its scrape targets",
)
def a_prometheus_without_pods(saboteur: Saboteur) -> None:
    """Scale Prometheus to zero."""
    saboteur.afterwards(
        *("rollout", "status", "deployment/prometheus", "--timeout=120s"), namespace=MONITORING
    )
    saboteur.patch("deployment/prometheus", {"spec": {"replicas": 0}}, namespace=MONITORING)
    saboteur.kubectl(
        *("wait", "pod", "--selector=app.kubernetes.io/name=prometheus"),
        *("--for=delete", "--timeout=60s"),
        namespace=MONITORING,
    )


@control(
    "TASK-001-DOD-7",
    "Prometheus scrapes every backend pod",
    expects=r"backend-\S+ is not scraped",
)
@control("TASK-003-AC-1", _SCRAPED, expects=r"backend does not scrape backend-\S+")
def one_backend_pod_of_two_unscraped(saboteur: Saboteur) -> None:
    """Scrape the one pod that was there when somebody wrote its name down."""
    name = saboteur.pods("backend")[0].name
    keep = (
        "      - source_labels: [__meta_kubernetes_pod_name]\n"
        f"        regex: {name}\n"
        "        action: keep\n"
    )
    _relabel(saboteur, "backend;http", keep)


@control("TASK-003-AC-1", _SCRAPED, expects="database: database-0 is down")
def the_port_of_the_database_itself(saboteur: Saboteur) -> None:
    """Scrape the port on which PostgreSQL listens, and not that of its exporter."""
    edit_configuration(
        saboteur, "prometheus", "scrape.yaml", ("database;metrics", "database;postgresql")
    )


@control("TASK-003-AC-1", _SCRAPED, expects="certificates: cert-manager.* has no metric")
def a_page_without_its_metrics(saboteur: Saboteur) -> None:
    """Drop the metrics of certificates to save space, and leave the target up."""
    drop = (
        "    metric_relabel_configs:\n"
        "      - {source_labels: [__name__], regex: certmanager_.*, action: drop}\n"
    )
    edit_configuration(
        saboteur,
        "prometheus",
        "scrape.yaml",
        ("  - job_name: certificates\n", f"  - job_name: certificates\n{drop}"),
    )


@control("TASK-003-AC-1", _SCRAPED, expects="is scraped more than once|it is not planned")
def every_backend_pod_scraped_twice(saboteur: Saboteur) -> None:
    """Add a second job for the same pods, after which every sum is the double."""
    again = (
        "  - job_name: backend-again\n"
        "    kubernetes_sd_configs:\n"
        "      - role: pod\n"
        "        namespaces: {names: [checkout]}\n"
        "    relabel_configs:\n"
        "      - source_labels: [__meta_kubernetes_pod_container_port_name]\n"
        "        regex: http\n"
        "        action: keep\n"
    )
    edit_configuration(
        saboteur,
        "prometheus",
        "scrape.yaml",
        ("  - job_name: database\n", f"{again}  - job_name: database\n"),
    )


@control("TASK-003-AC-1", _COUNTED, expects="payment 200: 7 requests, and Prometheus counted 0")
def payments_counted_under_another_route(saboteur: Saboteur) -> None:
    """Count payments as the creation of checkouts, as a copied line would."""
    change_backend(
        saboteur,
        "import checkout_backend.metrics as metrics\n"
        "count = metrics.Metrics.count\n"
        "def other(self, method, route, *rest, **more):\n"
        "    return count(self, method, route.replace('payment', 'items'), *rest, **more)\n"
        "metrics.Metrics.count = other",
    )


@control("TASK-003-AC-1", _COUNTED, expects="paid: 7 checkouts, and Prometheus counted 12")
def refused_payments_counted_as_paid(saboteur: Saboteur) -> None:
    """Count a checkout as paid before it is known whether it could be."""
    change_backend(
        saboteur,
        "import checkout_backend.service as service\n"
        "pay = service.Checkouts.pay\n"
        "def eager(self, *given, **more):\n"
        "    try:\n"
        "        return pay(self, *given, **more)\n"
        "    except Exception:\n"
        "        self._counts.paid()\n"
        "        raise\n"
        "service.Checkouts.pay = eager",
    )


@control("TASK-003-AC-1", _COUNTED, expects="is not in seconds")
def durations_in_milliseconds(saboteur: Saboteur) -> None:
    """Measure in milliseconds under a name that says seconds."""
    change_backend(
        saboteur,
        "import checkout_backend.metrics as metrics\n"
        "count = metrics.Metrics.count\n"
        "def milli(self, method, route, status, seconds, *rest, **more):\n"
        "    return count(self, method, route, status, seconds * 1000, *rest, **more)\n"
        "metrics.Metrics.count = milli",
    )


@control("TASK-003-AC-1", _NEW_REPLICA, expects="after it was ready")
def new_pods_noticed_late(saboteur: Saboteur) -> None:
    """Look for new pods once a minute, to spare the API server."""
    arguments = saboteur.kubectl(
        *("get", "deployment/prometheus"),
        "--output=jsonpath={.spec.template.spec.containers[0].args}",
        namespace=MONITORING,
    )
    late = arguments.replace("discovery-reload-interval=1s", "discovery-reload-interval=60s")
    change_program(saboteur, "prometheus", {"args": json.loads(late)})


@control(
    "TASK-003-DOD-2", _CRITICAL, expects="there is no pg_stat_database_xact_commit of database"
)
def statistics_of_the_database_dropped(saboteur: Saboteur) -> None:
    """Keep of the database's metrics only whether it is there."""
    _drop(saboteur, "database;metrics", "pg_stat_.*")


@control("TASK-003-DOD-2", _CRITICAL, expects="there is no database_requests_waiting of backend")
def one_metric_of_the_backend_dropped(saboteur: Saboteur) -> None:
    """Drop a metric that nobody has missed yet."""
    _drop(saboteur, "backend;http", "database_requests_waiting")


@control("TASK-003-DOD-2", _CRITICAL, expects="The backend exports logins.*, which the table")
def a_metric_that_nobody_declared(saboteur: Saboteur) -> None:
    """Add a counter to the backend, and tell nobody."""
    change_backend(
        saboteur,
        "import prometheus_client\n"
        "import checkout_backend.metrics as metrics\n"
        "begin = metrics.Metrics.__init__\n"
        "def begin_more(self):\n"
        "    begin(self)\n"
        "    prometheus_client.Counter('logins', 'Logins.', registry=self.registry)\n"
        "metrics.Metrics.__init__ = begin_more",
    )


@control("TASK-003-AC-6", _PROBED, expects="has no result|failed")
def nobody_probes(saboteur: Saboteur) -> None:
    """Scale the program that probes to zero."""
    saboteur.afterwards(
        *("rollout", "status", "deployment/blackbox-exporter", "--timeout=120s"),
        namespace=MONITORING,
    )
    saboteur.patch("deployment/blackbox-exporter", {"spec": {"replicas": 0}}, namespace=MONITORING)


@control("TASK-003-AC-6", _PROBED, expects=r"backend-\S+ /readyz .* is not probed")
def readiness_unprobed(saboteur: Saboteur) -> None:
    """Probe whether the backend lives, and not whether it is ready."""
    edit_configuration(
        saboteur,
        "prometheus",
        "endpoints.yaml",
        ('replacement: "http://$1/readyz"', 'replacement: "http://$1/healthz?again"'),
    )


@control("TASK-003-AC-6", _PROBED, expects="No probe through the ingress reaches /api")
def the_page_probed_twice(saboteur: Saboteur) -> None:
    """Copy the probe of the page for the API, and forget to change its path."""
    edit_configuration(
        saboteur, "prometheus", "visitors.yaml", ("/api/checkouts?limit=1", "/?again")
    )


@control("TASK-003-AC-6", _PROBED, expects=r"frontend-\S+ /healthz .* is not probed")
def one_frontend_pod_of_two_unprobed(saboteur: Saboteur) -> None:
    """Probe the one pod whose name was known when the probe was written."""
    name = saboteur.pods("frontend")[0].name
    keep = (
        "      - source_labels: [__meta_kubernetes_pod_name]\n"
        f"        regex: {name}\n"
        "        action: keep\n"
    )
    _relabel(saboteur, "frontend;http", keep, file="endpoints.yaml")


@control(
    "TASK-003-AC-6",
    f"{_BREAKS} [the database]",
    expects="the database was broken, and the probe of .*readyz.* did not fail",
)
def errors_taken_for_health(saboteur: Saboteur) -> None:
    """Take any answer for a good one, as it is a sign of life."""
    edit_configuration(
        saboteur,
        "blackbox-exporter",
        "blackbox.yaml",
        ("valid_status_codes: [200]", "valid_status_codes: [200, 500, 503]"),
    )


@control("TASK-003-AC-6", _PROBED, expects=r"frontend-\S+ /healthz .* is not probed")
def pods_probed_through_their_service(saboteur: Saboteur) -> None:
    """Ask the Service in the name of each frontend pod, so that the other pod answers for it."""
    name = "      - {target_label: endpoint, replacement: frontend /healthz}\n"
    probe = (
        "      - target_label: __param_target\n"
        "        replacement: http://frontend.checkout.svc/healthz\n"
    )
    edit_configuration(saboteur, "prometheus", "endpoints.yaml", (name, f"{name}{probe}"))


@control(
    "TASK-003-AC-6",
    f"{_BREAKS} [one frontend pod]",
    expects="one frontend pod was broken, and the probe of .* did not fail",
)
def probes_more_patient_than_prometheus(saboteur: Saboteur) -> None:
    """Wait longer for an answer than Prometheus waits for the probe, so that there is no result."""
    patient = ("timeout: 3s\n    http:", "timeout: 60s\n    http:")
    edit_configuration(saboteur, "blackbox-exporter", "blackbox.yaml", patient)
    arguments = [
        "--config.file=/etc/blackbox/blackbox.yaml",
        "--web.config.file=/etc/blackbox/web.yaml",
        "--timeout-offset=-60",
    ]
    change_program(saboteur, "blackbox-exporter", {"args": arguments})


@control("TASK-003-AC-6", _PROBED, expects=r"frontend-\S+ /healthz .* is not probed")
def silence_taken_for_health(saboteur: Saboteur) -> None:
    """Ask only whether a connection can be made, which the kernel answers for a stuck program."""
    name = "      - {target_label: endpoint, replacement: frontend /healthz}\n"
    probe = (
        "      - {target_label: __param_module, replacement: tcp}\n"
        "      - {source_labels: [__address__], target_label: __param_target}\n"
    )
    edit_configuration(saboteur, "prometheus", "endpoints.yaml", (name, f"{name}{probe}"))


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
def few_traces_are_kept(saboteur: Saboteur) -> None:
    """Keep less than one trace in a hundred, as one would to save memory."""
    variable = {"name": "TRACES_KEPT_BELOW", "value": "02"}
    change_program(saboteur, "jaeger", {"env": [variable]})


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


def _drop(saboteur: Saboteur, match: str, metrics: str) -> None:
    """Drop some metrics of the pods that `match`."""
    drop = (
        "    metric_relabel_configs:\n"
        f"      - {{source_labels: [__name__], regex: {metrics}, action: drop}}\n"
        "    relabel_configs:\n"
    )
    start = "    relabel_configs:\n"
    labels = (
        "      - source_labels: [__meta_kubernetes_pod_label_app_kubernetes_io_name, "
        "__meta_kubernetes_pod_container_port_name]\n"
        f"        regex: {match}\n"
    )
    edit_configuration(
        saboteur, "prometheus", "scrape.yaml", (f"{start}{labels}", f"{drop}{labels}")
    )


def _relabel(saboteur: Saboteur, match: str, rule: str, *, file: str = "scrape.yaml") -> None:
    """Add a relabelling rule behind the one that keeps the pods that `match`."""
    head = f"        regex: {match}\n        action: keep\n"
    edit_configuration(saboteur, "prometheus", file, (head, f"{head}{rule}"))
