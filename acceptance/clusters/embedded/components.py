"""Lists all components of the node, in the order of their start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.clusters.embedded.control_plane import (
    api_server,
    controller_manager,
    etcd,
    scheduler,
)
from acceptance.clusters.embedded.kubelet import containerd, kubelet

if TYPE_CHECKING:
    from pathlib import Path

    from acceptance.clusters.embedded.datapath import Datapath
    from acceptance.clusters.embedded.node_layout import Component


def all_components(binaries: Path, address: str, datapath: Datapath) -> tuple[Component, ...]:
    """Return all components of a node at `address`, in the order of their start."""
    return (
        etcd(),
        api_server(binaries, address),
        containerd(),
        kubelet(binaries, address),
        controller_manager(binaries, datapath.controller_manager),
        scheduler(binaries),
        *datapath.components,
    )
