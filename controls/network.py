"""Sabotages that the domain network has to detect: mistakes in network policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controls.control import control

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controls.saboteur import Saboteur

_OF = "networkpolicy"


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
    "An unlabelled pod reaches nothing",
    expects="the policies let an unlabelled pod through: .*dns",
)
def dns_open_to_every_pod(saboteur: Saboteur) -> None:
    """Allow every pod of the namespace to query the cluster's DNS."""
    saboteur.patch(f"{_OF}/dns", {"spec": {"podSelector": {"matchLabels": None}}}, kind="merge")


def _allow(saboteur: Saboteur, name: str, pods: Mapping[str, Any], **rules: object) -> None:
    """Create another policy, which allows one direction."""
    kinds = [direction.capitalize() for direction in rules]
    saboteur.create(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": name},
            "spec": {"podSelector": pods, "policyTypes": kinds, **rules},
        }
    )
