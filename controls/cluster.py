"""Sabotages of what the domain cluster judges: nodes, API and DNS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur


@control(
    "TASK-001-AC-1",
    "The cluster answers from outside and its nodes are ready",
    expects="the node ghost is not ready",
)
def node_not_ready(saboteur: Saboteur) -> None:
    """Register a node whose kubelet never reports."""
    saboteur.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "ghost"}})


@control(
    "TASK-001-AC-1",
    "A pod scheduled now runs and resolves a service by name",
    expects=r"could not resolve backend\.",
)
def dns_without_endpoints(saboteur: Saboteur) -> None:
    """Point the cluster's DNS Service at pods that do not exist."""
    saboteur.patch(
        "service/kube-dns", {"spec": {"selector": {"nobody": "here"}}}, namespace="kube-system"
    )


@control("TASK-004-AC-5", "The cluster that is deployed to is k3s", expects="which is not k3s")
@control("TASK-001-AC-1", "The cluster is k3s", expects="which is not k3s")
def cluster_that_is_not_k3s(saboteur: Saboteur) -> None:
    """Run another Kubernetes where k3s is expected."""
    saboteur.override_facts(flavour="k3s")
