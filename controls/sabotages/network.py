"""What goes wrong with network policies: one function for each mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controls.saboteur import Saboteur

_OF = "networkpolicy"


def no_default(saboteur: Saboteur) -> None:
    """Delete the policy that denies by default, because something did not work at night."""
    saboteur.remove(f"{_OF}/default-deny")


def a_database_for_everybody(saboteur: Saboteur) -> None:
    """Open the database to pods of every namespace, for a report that somebody needs quickly."""
    database = {"matchLabels": {"app.kubernetes.io/name": "database"}}
    _allow(saboteur, "reports", database, ingress=[{"from": [{"namespaceSelector": {}}]}])


def a_way_out_over_udp(saboteur: Saboteur) -> None:
    """Let every pod send datagrams to anybody, to make names work."""
    _allow(saboteur, "names", {}, egress=[{"ports": [{"protocol": "UDP"}]}])


def no_way_to_the_database(saboteur: Saboteur) -> None:
    """Forget the backend's own way to the database, which connections that are open outlive."""
    saboteur.remove(f"{_OF}/backend-to-database")


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
