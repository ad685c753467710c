"""Sabotages that the computation of network policies has to detect: no packet is sent for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_ITEM = "TASK-002-AC-1"
_SYSTEM = "The network policies allow the system what is planned and nothing else"
_MONITORING = "The network policies allow the monitoring what is planned and nothing else"
_LABEL = "app.kubernetes.io/name"
_NAMESPACE = "kubernetes.io/metadata.name"
_PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]


@control(
    _ITEM,
    _SYSTEM,
    expects=r"backend pods.* may reach 0\.0\.0\.0/0 but 10\.0\.0\.0/8, .* on every port, which the "
    r"plan does not have \(network policy checkout/to-payment-provider\)",
)
@control(
    _ITEM,
    "Every pod reaches what it needs and nothing else",
    expects=r"unplanned connection: \w+ → outside \(\d+/(tcp|udp)\): reached, it arrived",
)
def egress_to_the_internet(saboteur: Saboteur) -> None:
    """Allow every pod to reach all public addresses, for a payment provider without fixed ones."""
    peer = {"ipBlock": {"cidr": "0.0.0.0/0", "except": _PRIVATE}}
    _allow(saboteur, "to-payment-provider", "", egress=[{"to": [peer]}])


@control(
    _ITEM,
    _SYSTEM,
    expects=r"backend pods may reach 198\.51\.100\.0/24 on TCP 443, which the plan does not have",
)
def egress_to_one_network(saboteur: Saboteur) -> None:
    """Let the backend reach the network of one partner, and forget to plan it."""
    _allow_addresses(saboteur, "to-partner", "backend", "198.51.100.0/24", 443)


@control(_ITEM, _SYSTEM, expects=r"backend pods may reach 169\.254\.169\.254 on TCP 80, which")
def egress_to_instance_metadata(saboteur: Saboteur) -> None:
    """Let the backend ask the cloud for its own instance, which also hands out credentials."""
    _allow_addresses(saboteur, "to-metadata", "backend", "169.254.169.254/32", 80)


@control(_ITEM, _SYSTEM, expects=r"frontend pods may reach 2001:db8::/32 on TCP 443, which")
def egress_over_ipv6(saboteur: Saboteur) -> None:
    """Let the frontend reach a network over IPv6, which nobody thinks of."""
    _allow_addresses(saboteur, "to-assets", "frontend", "2001:db8::/32", 443)


@control(_ITEM, _SYSTEM, expects=r"192\.168\.7\.0/24 may reach database pods on TCP 5432, which")
def database_open_to_an_office(saboteur: Saboteur) -> None:
    """Let the network of an office reach the database, for somebody's tool."""
    rule = {"from": [{"ipBlock": {"cidr": "192.168.7.0/24"}}], "ports": [{"port": 5432}]}
    _allow(saboteur, "office", "database", ingress=[rule])


@control(
    _ITEM,
    _SYSTEM,
    expects=r"pods in kube-system may reach database pods on TCP 5432, which the plan does not",
)
def database_open_to_one_namespace(saboteur: Saboteur) -> None:
    """Let one other namespace reach the database on its port, for a backup that runs there."""
    rule = {"from": [_namespace("kube-system")], "ports": [{"port": "postgresql"}]}
    _allow(saboteur, "backup", "database", ingress=[rule])


@control(
    _ITEM,
    _SYSTEM,
    expects=r"pods in reports, which does not exist yet may reach database pods on TCP 5432",
)
def database_open_to_a_namespace_to_come(saboteur: Saboteur) -> None:
    """Let a namespace reach the database that another team is going to create."""
    rule = {"from": [_namespace("reports")], "ports": [{"port": 5432}]}
    _allow(saboteur, "reports", "database", ingress=[rule])


@control(
    _ITEM,
    _SYSTEM,
    expects=r"pods with debug=yes in a namespace that does not exist yet.* may reach backend pods",
)
def backend_open_to_a_label(saboteur: Saboteur) -> None:
    """Let pods with a label reach the backend from everywhere, which nobody has at the moment."""
    pods = {"matchExpressions": [{"key": "debug", "operator": "In", "values": ["yes"]}]}
    rule = {"from": [{"namespaceSelector": {}, "podSelector": pods}], "ports": [{"port": "http"}]}
    _allow(saboteur, "debug", "backend", ingress=[rule])


@control(_ITEM, _SYSTEM, expects=r"pods.* may reach every address.* on UDP 123, which the plan")
def time_servers_everywhere(saboteur: Saboteur) -> None:
    """Let every pod ask any time server, to end warnings about clocks."""
    _allow(saboteur, "ntp", "", egress=[{"ports": [{"protocol": "UDP", "port": 123}]}])


@control(_ITEM, _SYSTEM, expects=r"ingress pods may reach backend pods on TCP 8001-8999, which")
def range_of_ports_too_wide(saboteur: Saboteur) -> None:
    """Let the ingress reach a thousand ports of the backend, to be prepared for a second one."""
    ports = [{"port": 8000, "endPort": 8999}]
    _allow(
        saboteur, "spare", "backend", ingress=[{"from": [_namespace("ingress")], "ports": ports}]
    )


@control(
    _ITEM,
    _SYSTEM,
    expects=r"pods.* may reach every address.*no network policy restricts the connections of",
)
def default_deny_for_nobody(saboteur: Saboteur) -> None:
    """Give the policy that denies by default a selector with a typing error: it selects no pod."""
    selector = {"matchLabels": {"app.kubernetes.io/part-of": "chekout"}}
    change = {"spec": {"podSelector": selector}}
    saboteur.patch("networkpolicy/default-deny", change, kind="merge")


@control(
    _ITEM,
    _SYSTEM,
    expects=r"backend pods may not reach database pods on TCP 5432, which the plan has: no policy "
    "of database pods allows it",
)
def database_policy_for_nobody(saboteur: Saboteur) -> None:
    """Give the policy of the database a label with a typing error, so that it selects no pod."""
    change = {"spec": {"podSelector": {"matchLabels": {_LABEL: "databse"}}}}
    saboteur.patch("networkpolicy/database-from-backend", change, kind="merge")


@control(
    _ITEM,
    _MONITORING,
    expects=r"Jaeger pods may reach 198\.51\.100\.0/24 on TCP 443, which the plan does not have "
    r"\(network policy monitoring/to-vendor\)",
)
def traces_to_a_vendor(saboteur: Saboteur) -> None:
    """Let Jaeger send what it has to a vendor that is being evaluated."""
    to = "198.51.100.0/24"
    _allow_addresses(saboteur, "to-vendor", "jaeger", to, 443, namespace="monitoring")


def _namespace(name: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {_NAMESPACE: name}}}


def _allow_addresses(
    saboteur: Saboteur, name: str, program: str, block: str, port: int, *, namespace: str = ""
) -> None:
    rule = {"to": [{"ipBlock": {"cidr": block}}], "ports": [{"port": port}]}
    _allow(saboteur, name, program, namespace=namespace, egress=[rule])


def _allow(
    saboteur: Saboteur, name: str, program: str, *, namespace: str = "", **rules: object
) -> None:
    """Create a policy that allows one direction to a program, or to every pod without one."""
    saboteur.create(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": name},
            "spec": {
                "podSelector": {"matchLabels": {_LABEL: program}} if program else {},
                "policyTypes": [direction.capitalize() for direction in rules],
                **rules,
            },
        },
        namespace=namespace,
    )
