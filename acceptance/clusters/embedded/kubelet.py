"""Makes the commands that start kubelet and its container runtime, containerd.

`configuration` writes their configuration files.
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
    """Return kubelet, which registers the node at `address`."""
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
        # kubelet ends if its first call to the container runtime fails. On a slow disk, containerd
        # is not ready until a second after it begins to listen.
        after=CONTAINERD_SOCKET,
        restarts=10,
    )
