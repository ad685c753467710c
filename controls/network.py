"""Sabotages that the domain network has to detect: mistakes in network policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controls.control import control

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controls.saboteur import Saboteur

_OF = "networkpolicy"
_MONITORING = "monitoring"
_LABEL = "app.kubernetes.io/name"
_MONITORED = "Every program of the monitoring reaches what it needs and nothing else"


@control(
    "TASK-002-AC-1",
    "Every pod reaches what it needs and nothing else",
    expects="unplanned connection: .*unlabelled pod .*it arrived",
)
def deny_policy_deleted(saboteur: Saboteur) -> None:
    """Delete the policy that denies by default, in a hurry to make something work."""
    saboteur.remove(f"{_OF}/default-deny")


@control(
    "TASK-002-AC-1",
    "Every pod reaches what it needs and nothing else",
    expects=r"unplanned connection: ingress → database \(5432/tcp\): reached, it arrived",
)
def database_open_to_every_namespace(saboteur: Saboteur) -> None:
    """Allow pods of every namespace to reach the database, for a report that is needed quickly."""
    database = {"matchLabels": {"app.kubernetes.io/name": "database"}}
    _allow(saboteur, "reports", database, ingress=[{"from": [{"namespaceSelector": {}}]}])


@control(
    "TASK-002-AC-1",
    "Every pod reaches what it needs and nothing else",
    expects=r"unplanned connection: \S+ → elsewhere \(17777/udp\): reached, it arrived",
)
def udp_egress_open(saboteur: Saboteur) -> None:
    """Allow every pod to send UDP to any address, to make DNS work."""
    _allow(saboteur, "udp", {}, egress=[{"ports": [{"protocol": "UDP"}]}])


@control(
    "TASK-002-AC-1",
    "Every pod reaches what it needs and nothing else",
    expects=r"an expected connection failed: backend → database \(5432/tcp\)",
)
def database_policy_missing(saboteur: Saboteur) -> None:
    """Forget the policy from backend to database; connections that are open survive that."""
    saboteur.remove(f"{_OF}/backend-to-database")


@control(
    "TASK-002-AC-1",
    _MONITORED,
    expects=r"an expected connection failed: Prometheus → node exporter \(9100/tcp\)",
)
def monitoring_policy_missing(saboteur: Saboteur) -> None:
    """Delete the policy by which the exporters let Prometheus in, as one that nobody needs."""
    saboteur.remove(f"{_OF}/from-prometheus", namespace=_MONITORING)


@control(
    "TASK-002-AC-1",
    _MONITORED,
    expects=r"unplanned connection: ingress → Jaeger \(16686/tcp\): reached, it arrived",
)
def traces_open_to_the_ingress(saboteur: Saboteur) -> None:
    """Let the ingress reach the query API of Jaeger too, to publish a page with traces."""
    jaeger = {"matchLabels": {_LABEL: "jaeger"}}
    ports = [{"protocol": "TCP", "port": "query"}]
    rule = {"from": [_peer("ingress", "traefik")], "ports": ports}
    _allow(saboteur, "traces-page", jaeger, namespace=_MONITORING, ingress=[rule])


@control(
    "TASK-002-AC-1",
    _MONITORED,
    expects=r"unplanned connection: elsewhere → log store \(9200/tcp\): reached, it arrived",
)
def log_store_open_to_every_namespace(saboteur: Saboteur) -> None:
    """Allow pods of every namespace to reach the log store, for a script that searches it."""
    store = {"matchLabels": {_LABEL: "opensearch"}}
    ports = [{"protocol": "TCP", "port": "https"}]
    rule = {"from": [{"namespaceSelector": {}}], "ports": ports}
    _allow(saboteur, "search", store, namespace=_MONITORING, ingress=[rule])


@control(
    "TASK-002-AC-1",
    _MONITORED,
    expects=r"unplanned connection: Prometheus elsewhere → audit exporter \(9109/tcp\): reached",
)
def label_without_namespace(saboteur: Saboteur) -> None:
    """Let every pod with the label of Prometheus read metrics, in whatever namespace it is."""
    peer = {"namespaceSelector": {}, "podSelector": {"matchLabels": {_LABEL: "prometheus"}}}
    saboteur.patch(
        f"{_OF}/audit-exporter",
        [{"op": "replace", "path": "/spec/ingress/0/from/0", "value": peer}],
        kind="json",
        namespace="monitoring-agents",
    )


@control(
    "TASK-002-AC-1",
    _MONITORED,
    expects=r"unplanned connection: Prometheus → log store \(9200/tcp\): reached, it arrived",
)
def prometheus_reaches_every_pod(saboteur: Saboteur) -> None:
    """Let Prometheus connect to all of its namespace, so that a new exporter needs no policy."""
    prometheus = {"matchLabels": {_LABEL: "prometheus"}}
    ports = [{"protocol": "TCP", "port": "https"}]
    leave: list[dict[str, Any]] = [{"to": [{"podSelector": {}}]}]
    enter = [{"from": [{"podSelector": prometheus}], "ports": ports}]
    _allow(saboteur, "scrape", prometheus, namespace=_MONITORING, egress=leave)
    _allow(saboteur, "scraped", {}, namespace=_MONITORING, ingress=enter)


@control(
    "TASK-002-AC-1",
    "An unlabelled pod reaches nothing",
    expects="the policies let an unlabelled pod through: .*dns",
)
def dns_open_to_every_pod(saboteur: Saboteur) -> None:
    """Allow every pod of the namespace to query the cluster's DNS."""
    saboteur.patch(f"{_OF}/dns", {"spec": {"podSelector": {"matchLabels": None}}}, kind="merge")


def _peer(namespace: str, name: str) -> dict[str, Any]:
    """Return what selects the pods of one program, in its namespace."""
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "podSelector": {"matchLabels": {_LABEL: name}},
    }


def _allow(
    saboteur: Saboteur,
    name: str,
    pods: Mapping[str, Any],
    *,
    namespace: str = "",
    **rules: object,
) -> None:
    """Create another policy, which allows one direction."""
    kinds = [direction.capitalize() for direction in rules]
    saboteur.create(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": name},
            "spec": {"podSelector": pods, "policyTypes": kinds, **rules},
        },
        namespace=namespace,
    )
