"""Configures the datapath of the embedded node, between pods and Services: Cilium, or bridge.

`cilium` enforces NetworkPolicies; `bridge` accepts and ignores them, and starts sooner.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.build.cache import cache_root, entry
from acceptance.clusters.embedded import compiler
from acceptance.clusters.embedded.node_layout import (
    CNI_FOLDER,
    NODE_NAME,
    PKI,
    POD_SUBNET,
    Component,
)
from acceptance.errors import EnvironmentFailure
from acceptance.process import PROMPT_SECONDS, run

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFINITIONS_INSTALLED = "/run/node/definitions-installed"
"""The run writes this file once the API server has Cilium's kinds; the agent polls only slowly."""

CLANG = "clang-19"
_COMPILED = "/run/node/compiled"
_SHELF = "datapath"
_STATE = "/run/cilium"


@dataclass(frozen=True)
class Datapath:
    """The network programs of the node, and the flags that other components need for them."""

    name: str
    components: tuple[Component, ...]
    controller_manager: tuple[str, ...] = ()
    """Flags of the controller manager."""
    cni: Mapping[str, object] | None = None
    """The configuration of the CNI plugin; None if a component writes it when it is ready."""
    cni_programs: tuple[Path, ...] = (Path("/usr/lib/cni/loopback"),)
    """The CNI plugins; containerd calls loopback directly."""
    definitions: Path | None = None
    """A folder with custom resource definitions (JSON) that must be installed before it starts."""
    sources: Path | None = None
    """A folder that the node copies to /run/cilium/lib/bpf."""
    scripts: Mapping[str, str] = field(default_factory=dict)
    """Programs for the run's folder, by name."""


def bridge(binaries: Path) -> Datapath:
    """Return kube-proxy and the CNI plugins of the distribution, which enforce no policies."""
    plugins = tuple(Path("/usr/lib/cni", name) for name in ("bridge", "host-local", "loopback"))
    return Datapath(
        "bridge",
        (
            Component(
                "kube-proxy",
                (
                    f"{binaries}/kube-proxy",
                    "--config=/run/node/config/kube-proxy.json",
                    f"--hostname-override={NODE_NAME}",
                ),
            ),
        ),
        cni=_bridge_plugin(),
        cni_programs=plugins,
    )


def _bridge_plugin() -> dict[str, object]:
    return {
        "cniVersion": "1.0.0",
        "name": "pods",
        "plugins": [
            {
                "type": "bridge",
                "bridge": "cni0",
                "isGateway": True,
                "ipMasq": False,
                # A pod may reach itself through its own Service.
                "hairpinMode": True,
                "ipam": {
                    "type": "host-local",
                    "dataDir": "/run/cni",
                    "ranges": [[{"subnet": POD_SUBNET}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            }
        ],
    }


def cilium(programs: Path) -> Datapath:
    """Return Cilium instead of kube-proxy, without its operator, which one node does not need.

    `programs` is the folder from `binaries.build_cilium`.

    Raises `EnvironmentFailure` if the compiler for its programs is missing.
    """
    clang = shutil.which(CLANG)
    if clang is None:
        raise EnvironmentFailure(f"{CLANG} is not installed. Try: apt-get install {CLANG}")
    version = run([clang, "--version"], timeout=PROMPT_SECONDS).stdout
    call = shlex.join([sys.executable, "-I", "-S", compiler.__file__])
    return Datapath(
        "cilium",
        (
            Component(
                "cilium-agent",
                (
                    f"{programs}/daemon",
                    f"--k8s-kubeconfig-path={PKI}/admin.kubeconfig",
                    "--devices=eth0",
                    "--kube-proxy-replacement=true",
                    "--routing-mode=native",
                    f"--ipv4-native-routing-cidr={POD_SUBNET}",
                    # Otherwise outside hosts cannot answer a pod: only the node has a route to it.
                    "--enable-ipv4-masquerade=true",
                    "--enable-bpf-masquerade=true",
                    "--ipam=kubernetes",
                    "--enable-ipv6=false",
                    "--identity-allocation-mode=crd",
                    # A pod whose labels change is another one at once: no other node has to know.
                    "--identity-change-grace-period=0s",
                    # Only Kubernetes' own policies are enforced; Cilium's kinds are not installed.
                    "--enable-cilium-network-policy=false",
                    "--enable-cilium-clusterwide-network-policy=false",
                    "--enable-l7-proxy=false",
                    "--enable-hubble=false",
                    "--enable-health-checking=false",
                    "--enable-endpoint-health-checking=false",
                    "--cgroup-root=/run/cgroup",
                    # Leave sockets of other network namespaces alone: packets of pods are handled
                    # at their interfaces, and those of the machine must not be handled at all.
                    "--bpf-lb-sock-hostns-only=true",
                    "--bpf-root=/sys/fs/bpf",
                    f"--state-dir={_STATE}",
                    f"--lib-dir={_STATE}/lib",
                    f"--socket-path={_STATE}/cilium.sock",
                    f"--write-cni-conf-when-ready={CNI_FOLDER}/05-cilium.conflist",
                    f"--cni-log-file={_STATE}/cni.log",
                    "--cni-exclusive=false",
                ),
                after=DEFINITIONS_INSTALLED,
                env={
                    "K8S_NODE_NAME": NODE_NAME,
                    "GOPS_CONFIG_DIR": f"{_STATE}/gops",
                    "PATH": f"/run/node/bin:{os.environ.get('PATH', os.defpath)}",
                    "DATAPATH_CLANG": clang,
                    "DATAPATH_COMPILER": version,
                    "DATAPATH_CACHE": str(cache_root() / _SHELF),
                    "DATAPATH_NEW": _COMPILED,
                },
            ),
        ),
        controller_manager=("--allocate-node-cidrs=true", f"--cluster-cidr={POD_SUBNET}"),
        cni_programs=(Path("/usr/lib/cni/loopback"), programs / "cilium-cni"),
        definitions=programs / "definitions",
        sources=programs / "bpf",
        scripts={"clang": f'#!/bin/sh\nexec {call} "$@"\n'},
    )


def keep_compiled(run_directory: Path) -> None:
    """Cache the objects that this node compiled, for later nodes."""
    for path in sorted((run_directory / "compiled").glob("*.o")):

        def build(place: Path, compiled: Path = path) -> None:
            shutil.copyfile(compiled, place / "object")

        entry(_SHELF, path.stem, build)
