"""Makes the config file of k3d: the committed one with the run's names, ports and files."""

from __future__ import annotations

import json
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from acceptance.clusters import hardening

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CONFIG = Path(__file__).with_name("config.yaml")
MOUNTED = "/etc/checkout-acceptance"
"""The folder of the API server's policies in the server container; config.yaml names it too."""
LOOPBACK = "127.0.0.1"
_REGISTRY_PORT = 5000  # the port of k3d's registry inside its container


@dataclass(frozen=True)
class HostPorts:
    """The ports of the host that forward into the cluster, all on the loopback address."""

    api: int
    http: int
    https: int
    registry: int


def load_config() -> dict[str, Any]:
    """Return the committed config file."""
    config: dict[str, Any] = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    return config


def write_hardening(folder: Path) -> dict[str, Path]:
    """Write the API server's policy files into `folder`; return them by file name.

    The namespace kube-system is exempt from Pod Security, because the pods of k3s there need ports
    and folders of the node, which the profile `baseline` forbids.
    """
    files = {
        "audit-policy.json": hardening.audit_policy(),
        "admission.json": hardening.admission_configuration("kube-system"),
    }
    for name, content in files.items():
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return {name: folder / name for name in files}


def render_config(
    cluster: str, ports: HostPorts, hosts: Sequence[str], mounts: Mapping[str, Path]
) -> str:
    """Return the committed config with the run's additions; `hosts` are the mirrored registries.

    `mounts` are files for the folder `MOUNTED` of the server, by their names.
    """
    registry = f"k3d-{cluster}-registry"
    endpoint = {"endpoint": [f"http://{registry}:{_REGISTRY_PORT}"]}
    config = load_config() | {
        "metadata": {"name": cluster},
        "kubeAPI": {"hostIP": LOOPBACK, "hostPort": str(ports.api)},
        "ports": [
            {"port": f"{LOOPBACK}:{outside}:{inside}", "nodeFilters": ["loadbalancer"]}
            for outside, inside in ((ports.http, 80), (ports.https, 443))
        ],
        "volumes": [
            {"volume": f"{path}:{MOUNTED}/{name}:ro", "nodeFilters": ["server:*"]}
            for name, path in mounts.items()
        ],
        "registries": {
            "create": {"name": registry, "host": LOOPBACK, "hostPort": str(ports.registry)},
            "config": yaml.safe_dump({"mirrors": dict.fromkeys(hosts, endpoint)}),
        },
    }
    return yaml.safe_dump(config, sort_keys=False)


def registry_of(reference: str) -> tuple[str, str]:
    """Split an image's name into its registry's host and the rest, as container engines do.

    A name without a host has the host `*`, by which k3s names the mirror of the default registry.
    """
    first, slash, rest = reference.partition("/")
    if slash and (first == "localhost" or "." in first or ":" in first):
        return first, rest
    return "*", reference if slash else f"library/{reference}"


def free_ports() -> HostPorts:
    """Return four ports of the loopback address that are unused now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(4)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return HostPorts(*(each.getsockname()[1] for each in sockets))
