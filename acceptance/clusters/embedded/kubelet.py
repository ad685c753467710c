"""How kubelet and its container runtime, containerd, are started.

Their configuration files are made in `configuration`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.clusters.embedded.node_layout import CONTAINERD_SOCKET, PKI, Component

if TYPE_CHECKING:
    from pathlib import Path


def containerd() -> Component:
    """Return the container runtime."""
    return Component("containerd", ("containerd", "--config=/run/node/config/containerd.toml"))


def kubelet(binaries: Path, address: str) -> Component:
    """Return kubelet, which says that the node is at `address`."""
    return Component(
        "kubelet",
        (
            f"{binaries}/kubelet",
            "--config=/run/node/config/kubelet.json",
            f"--kubeconfig={PKI}/kubelet.kubeconfig",
            f"--node-ip={address}",
            "--root-dir=/run/kubelet",
            "--cert-dir=/run/kubelet-pki",
        ),
        # It gives up when its first call finds nobody at the container runtime, or a runtime that
        # is not ready to answer: on a slow disk containerd listens a second before it is ready.
        after=CONTAINERD_SOCKET,
        restarts=10,
    )
