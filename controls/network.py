"""Sabotages of what the domain network judges: network policies."""

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
    expects="nobody planned this: .*new pod .*it arrived",
)
def no_default(saboteur: Saboteur) -> None:
    """Delete the policy that denies by default, because something did not work at night."""
    saboteur.remove(f"{_OF}/default-deny")


@control(
    "TASK-002-AC-1",
    "Every pod reaches what it needs and nothing else",
    expects=r"nobody planned this: ingress → database \(5432/tcp\): reached, it arrived",
)
def a_database_for_everybody(saboteur: Saboteur) -> None:
    """Open the database to pods of every namespace, for a report that somebody needs quickly."""
    database = {"matchLabels": {"app.kubernetes.io/name": "database"}}
    _allow(saboteur, "reports", database, ingress=[{"from": [{"namespaceSelector": {}}]}])


@control(
    "TASK-002-AC-1",
    "Every pod reaches what it needs and nothing else",
    expects=r"nobody planned this: \S+ → elsewhere \(17777/udp\): reached, it arrived",
)
def a_way_out_over_udp(saboteur: Saboteur) -> None:
    """Let every pod send datagrams to anybody, to make names work."""
    _allow(saboteur, "names", {}, egress=[{"ports": [{"protocol": "UDP"}]}])


@control(
    "TASK-002-AC-1",
    "Every pod reaches what it needs and nothing else",
    expects=r"this is planned and fails: backend → database \(5432/tcp\)",
)
def no_way_to_the_database(saboteur: Saboteur) -> None:
    """Forget the backend's own way to the database, which connections that are open outlive."""
    saboteur.remove(f"{_OF}/backend-to-database")


@control(
    "TASK-002-AC-1",
    "A pod that nobody planned reaches nothing",
    expects="a pod that nobody planned gets through: .*dns",
)
def names_for_every_pod(saboteur: Saboteur) -> None:
    """Let every pod of the namespace ask the cluster's DNS."""
    saboteur.patch(f"{_OF}/dns", {"spec": {"podSelector": {"matchLabels": None}}}, kind="merge")


def _allow(saboteur: Saboteur, name: str, pods: Mapping[str, Any], **rules: object) -> None:
    """Create one more policy, for one direction."""
    kinds = [direction.capitalize() for direction in rules]
    saboteur.create(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": name},
            "spec": {"podSelector": pods, "policyTypes": kinds, **rules},
        }
    )
