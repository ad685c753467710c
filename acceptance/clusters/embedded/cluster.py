"""Drives the embedded cluster: builds missing parts, starts the node, and installs add-ons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.build.custom_resources import definitions
from acceptance.build.manifests import name_of
from acceptance.build.oci import identity
from acceptance.clusters.add_ons import (
    ACCOUNTS,
    CERT_MANAGER,
    COREDNS,
    NODE_CERTIFICATES,
    STORAGE,
    TRAEFIK,
    Platform,
)
from acceptance.clusters.base import ClusterFacts, MissingRequirement, flavour_of
from acceptance.clusters.embedded.binaries import build_binaries, build_cilium
from acceptance.clusters.embedded.datapath import (
    DEFINITIONS_INSTALLED,
    Datapath,
    bridge,
    cilium,
    keep_compiled,
)
from acceptance.clusters.embedded.definitions import install_definitions
from acceptance.clusters.embedded.node import Node, start_node
from acceptance.clusters.embedded.node_layout import CONTAINERD_SOCKET, CONTEXT, NODE_NAME
from acceptance.clusters.embedded.program_images import build_node_images
from acceptance.clusters.nodes import ApiNodes, NodesState, await_nodes
from acceptance.errors import EnvironmentFailure
from acceptance.machine import EMBEDDED_NEEDS
from acceptance.process import run, workers
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.clusters.base import Deliverable
    from acceptance.machine import MachineFacts
    from acceptance.progress import Progress
    from acceptance.settings import Settings, Timeouts

_ADD_ONS = (NODE_CERTIFICATES, COREDNS, STORAGE, TRAEFIK, CERT_MANAGER, ACCOUNTS)
_ROOT = "root, for namespaces and mounts"
_IMPORTS = 2  # at a time: each keeps one processor busy
_REMEDY = "run with --keep-cluster and look at the logs beside the kubeconfig that it names."


class EmbeddedCluster:
    """One node, from `start` to `stop`."""

    name = "embedded"
    engine = "buildah"

    def __init__(
        self,
        settings: Settings,
        *,
        keep: bool = False,
        run_id: str | None = None,  # noqa: ARG002 (everything in this cluster belongs to the run)
    ) -> None:
        """Prepare the driver; `keep` leaves the node running after `stop`."""
        self._root = settings.root
        self.namespace = settings.namespace
        self._timeouts = settings.timeouts
        self._keep = keep
        self._datapath = settings.datapath
        self._node: Node | None = None

    @property
    def steps(self) -> int:
        """The number of progress steps in `start`: one less without Cilium."""
        return 5 if self._datapath == "cilium" else 4

    @staticmethod
    def missing(machine: MachineFacts, settings: Settings) -> tuple[MissingRequirement, ...]:  # noqa: ARG004
        """Return what `machine` lacks: Linux, root, or programs."""
        if machine.system != "linux":
            requirement = MissingRequirement(
                f"Linux (this is {machine.system})", "use k3d here, or a Linux machine"
            )
            return (requirement,)
        missing = [] if machine.root else [MissingRequirement(_ROOT, "sudo make acceptance")]
        for need in EMBEDDED_NEEDS:
            if need.name in machine.found:
                continue
            remedy = f"apt-get install --no-install-recommends {need.package}"
            if "apt-get" not in machine.found:
                remedy = f"install it by this system's means (Debian's package: {need.package})"
            elif machine.root:
                remedy = f"make acceptance installs it, or: {remedy}"
            missing.append(MissingRequirement(f"{need.name}, which {need.purpose}", remedy))
        return tuple(missing)

    def start(self, progress: Progress) -> ClusterFacts:
        """Start the node and return when it is Ready and its add-ons are available.

        Raises `EnvironmentFailure`, after removing an incomplete cluster.
        """
        pinned = self._root / "node"
        with progress.step("Kubernetes", cacheable=True) as step:
            binaries = build_binaries(pinned, "kubernetes", self._timeouts, step)
        datapath = bridge(binaries)
        if self._datapath == "cilium":
            with progress.step("Cilium", cacheable=True) as step:
                datapath = cilium(build_cilium(pinned, self._timeouts, step))
        with progress.step("Images of the node's own pods", cacheable=True) as step:
            images = build_node_images(pinned, self._timeouts, step)
            definitions(self._root, timeout=self._timeouts.download)
        try:
            with progress.step("Start the embedded cluster"):
                self._node = start_node(binaries, datapath, keep=self._keep)
                with workers(2) as pool:
                    delivery = pool.submit(self.deliver, images)
                    definition = pool.submit(
                        let_datapath_start, self._node, datapath, self._timeouts
                    )
                    version = self._await_ready()
                    definition.result()
                    delivery.result()
            with progress.step("Install DNS, storage, ingress and certificates"):
                self._install_add_ons()
            keep_compiled(self._node.run_directory)
        except BaseException:
            self._end()
            raise
        address = self._node.link.node_address
        return ClusterFacts(
            driver=self.name,
            flavour=flavour_of(version),
            version=version,
            kubeconfig=self._kubeconfig,
            context=CONTEXT,
            address=address,
            http_port=80,
            https_port=443,
            inside=tuple(self._node.command()),
            public_address=self._node.link.public_address,
        )

    def deliver(self, images: Sequence[Deliverable]) -> tuple[str, ...]:
        """Import `images` into the node's container runtime, under their names and digests.

        Raises `EnvironmentFailure` if one cannot be imported, or the node was not started.
        """
        node = self._started()
        socket = f"--address={CONTAINERD_SOCKET}"
        eventually(
            lambda: Path(f"/proc/{node.process.pid}/root{CONTAINERD_SOCKET}").exists(),
            bool,
            timeout=self._timeouts.cluster_start,
            unrecoverable=lambda _: node.ended(),
            what="containerd to listen",
            error=EnvironmentFailure,
        )

        def deliver(image: Deliverable) -> str:
            if image.archive is None:
                raise EnvironmentFailure(f"{image.reference} has no archive. Try: make acceptance")
            command = ["ctr", socket, "--namespace=k8s.io", "images", "import", "--digests"]
            command += [f"--base-name={name_of(image.reference)}", str(image.archive)]
            run(node.command(*command), timeout=self._timeouts.image_delivery)
            return f"{image.reference}@{identity(image.archive)}"

        with workers(_IMPORTS) as pool:
            return tuple(pool.map(deliver, images))

    def stop(self) -> None:
        """End the node and everything in it; with `keep`, leave it running."""
        if self._keep and self._node is not None:
            print(  # the user needs this to end the node
                f"The node keeps running: kubeconfig {self._kubeconfig}. "
                f"To end it: kill -9 {self._node.process.pid}"
            )
            return
        self._end()

    @property
    def _kubeconfig(self) -> Path:
        return self._started().run_directory / "pki" / "admin.kubeconfig"

    def _started(self) -> Node:
        if self._node is None:
            raise EnvironmentFailure("The embedded cluster is not started. Try: start it first.")
        return self._node

    def _end(self) -> None:
        if self._node is not None:
            self._node.end()
            self._node = None

    def _await_ready(self) -> str:
        node = self._started()
        nodes = _NodesOf(node, self._kubeconfig, self._timeouts.api)
        try:
            await_nodes(nodes, timeout=self._timeouts.cluster_start, remedy=_REMEDY)
            return nodes.version()
        finally:
            nodes.close()

    def _install_add_ons(self) -> None:
        platform = Platform(self._root, self._kubeconfig, CONTEXT, self._timeouts)
        with workers(1) as pool:
            defining = pool.submit(platform.define)
            platform.apply(*_ADD_ONS)
            defining.result()
        # kubelet may not say this of itself. Pods beside the API server look for it.
        platform.kubectl("label", "node", NODE_NAME, "node-role.kubernetes.io/control-plane=")
        # A cloud would assign an address to the Service; here it is the node's, which kube-proxy
        # serves.
        status = {"loadBalancer": {"ingress": [{"ip": self._started().link.node_address}]}}
        platform.kubectl(
            *("--namespace=ingress", "patch", "service", "traefik", "--subresource=status"),
            *("--type=merge", f"--patch={json.dumps({'status': status})}"),
        )
        platform.await_available(*_ADD_ONS)


def let_datapath_start(node: Node, datapath: Datapath, timeouts: Timeouts) -> None:
    """Install the custom resource definitions of the datapath, then let it start.

    Raises `EnvironmentFailure` if the API server refuses them.
    """
    if datapath.definitions is None:
        return
    install_definitions(
        node.run_directory / "pki" / "admin.kubeconfig",
        CONTEXT,
        datapath.definitions,
        timeout=timeouts.cluster_start,
        unrecoverable=node.ended,
    )
    (node.run_directory / Path(DEFINITIONS_INSTALLED).name).touch()


class _NodesOf(ApiNodes):
    """Watches the nodes of an embedded cluster; a node whose process ended cannot become Ready."""

    def __init__(self, node: Node, kubeconfig: Path, timeout: float) -> None:
        self._node = node
        super().__init__(kubeconfig, CONTEXT, timeout=timeout)

    def look(self) -> NodesState:
        """Return the nodes as they are now."""
        if reason := self._node.ended():
            return NodesState(problem=reason, denied=True)
        return super().look()

    def wait(self, timeout: float) -> bool:
        """Block until a node changes, or for a short time while the API server starts."""
        return super().wait(min(timeout, 0.1))
