"""The registry of cluster drivers: a new one is an entry here and the module that it names.

Only the standard library is used, and no driver is imported before it is wanted: each needs
libraries that the others do without.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ClusterDriver:
    """A way to have a cluster."""

    place: str
    """Its class, as `module:Class`; it answers to `acceptance.clusters.base.Cluster`."""
    about: str
    """What it gives, in a few words."""
    automatic: bool
    """Whether `auto` may take it; the others have to be asked for by name."""


CLUSTER_DRIVERS = {
    "k3d": ClusterDriver(
        "acceptance.clusters.k3d.cluster:K3dCluster",
        about="k3s in containers, made for the run",
        automatic=True,
    ),
    "embedded": ClusterDriver(
        "acceptance.clusters.embedded.cluster:EmbeddedCluster",
        about="Kubernetes in namespaces, made for the run",
        automatic=True,
    ),
    "existing": ClusterDriver(
        "acceptance.clusters.existing:ExistingCluster",
        about="a cluster that is there already",
        automatic=False,
    ),
}
"""By name, in the order in which `auto` tries them."""
