"""Sabotages of metrics that the domain observability must detect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.changed_backend import change_backend
from controls.changed_programs import (
    MONITORING,
    arguments_of,
    change_program,
    drop_metrics,
    edit_configuration,
    relabel,
)
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_SCRAPED = "Everything that has metrics is scraped, and nothing else"
_COUNTED = "Requests and checkouts are counted exactly"
_CRITICAL = "Every critical metric is collected, and none beside"
_CONNECTIONS = "The metrics tell when the backend has no connection left"
_NEW_REPLICA = "A new replica is scraped within two intervals"


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
    relabel(saboteur, "backend;http", keep)


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
    soon, late = "discovery-reload-interval=1s", "discovery-reload-interval=60s"
    before = arguments_of(saboteur, "deployment/prometheus", MONITORING)
    arguments = [each.replace(soon, late) for each in before]
    change_program(saboteur, "prometheus", {"args": arguments})


@control(
    "TASK-003-DOD-2", _CRITICAL, expects="there is no pg_stat_database_xact_commit of database"
)
def statistics_of_the_database_dropped(saboteur: Saboteur) -> None:
    """Keep of the database's metrics only whether it is there."""
    drop_metrics(saboteur, "database;metrics", "pg_stat_.*")


@control("TASK-003-DOD-2", _CRITICAL, expects="there is no database_requests_waiting of backend")
def one_metric_of_the_backend_dropped(saboteur: Saboteur) -> None:
    """Drop a metric that nobody has missed yet."""
    drop_metrics(saboteur, "backend;http", "database_requests_waiting")


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


@control("TASK-003-DOD-2", _CONNECTIONS, expects=r"says that \d+ connections were free, and none")
def free_connections_that_are_all_connections(saboteur: Saboteur) -> None:
    """Tell how many connections there are under the name of those that are free."""
    _tell_of_pool(saboteur, "{**found, 'pool_available': found['pool_size']}")


@control("TASK-003-DOD-2", _CONNECTIONS, expects="says that no request waited")
def waiting_requests_that_nobody_counts(saboteur: Saboteur) -> None:
    """Leave out what the pool calls by another name since its update."""
    _tell_of_pool(saboteur, "{**found, 'requests_waiting': 0}")


@control("TASK-003-DOD-2", _CONNECTIONS, expects=r"says that \d+ are free when nobody comes")
def free_connections_that_never_come_back(saboteur: Saboteur) -> None:
    """Tell the fewest that were ever free."""
    _tell_of_pool(
        saboteur,
        "{**found, 'pool_available': least.append(found['pool_available']) or min(least)}",
    )


def _tell_of_pool(saboteur: Saboteur, told: str) -> None:
    """Let the backend tell `told` of its pool, an expression with what was `found`."""
    change_backend(
        saboteur,
        "import checkout_backend.metrics as metrics\n"
        "least = []\n"
        "pool = metrics._Pool.__init__\n"
        "def told(self, statistics):\n"
        f"    pool(self, lambda: (lambda found: {told})(dict(statistics())))\n"
        "metrics._Pool.__init__ = told",
    )
