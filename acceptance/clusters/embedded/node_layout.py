"""Defines names, addresses and paths for all parts of the node, and the type of a component.

Paths are those inside the node, where the run's folder is /run/node.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NODE_NAME = "node"
POD_SUBNET = "10.244.0.0/24"
SERVICE_SUBNET = "10.96.0.0/16"
SERVICE_ADDRESS = "10.96.0.1"
DNS_ADDRESS = "10.96.0.10"
PAUSE_IMAGE = "localhost/pause:1"
CONTEXT = "checkout-acceptance"
CONTAINERD_SOCKET = "/run/containerd/containerd.sock"
ETCD_USER = "etcd"
"""The user that Debian's package creates; only this user may read the store's files."""
PKI = "/run/node/pki"
CNI_FOLDER = "/run/node/config/cni"
AUDIT_LOG = "/run/node/logs/audit.log"


@dataclass(frozen=True)
class Component:
    """A program that runs as long as the node."""

    name: str
    argv: tuple[str, ...]
    after: str = ""
    """A file that must exist before the start; empty if it can start at once."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables that are added to the environment."""
    restarts: int = 0
    """How often it may be started again: some end because another one is slow."""
    user: str = ""
    """The user that runs it; empty for root."""
