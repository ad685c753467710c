"""Checks the cluster: its API server, nodes, scheduling and DNS."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.cluster.actor import ClusterActor
from acceptance.drivers.kubernetes import reading
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.drivers.kubernetes.pods import CONTAINER, hardened_pod
from acceptance.judgement import Unverifiable, require, require_each
from acceptance.waiting import DeadlineExceeded, eventually, lasting

if TYPE_CHECKING:
    from acceptance.drivers.http import Reply
    from acceptance.drivers.kubernetes.facts import NodeFacts, PodFacts

_ENDED = ("Succeeded", "Failed")
_MAY_ASK_DNS = {"checkout.network/dns": "allowed"}
"""The label that a network policy demands of a pod that asks the DNS."""


@dataclass(frozen=True)
class ClusterState:
    """What the API server says of itself and of its nodes."""

    alive: Reply
    ready: Reply
    nodes: tuple[NodeFacts, ...]


@dataclass(frozen=True)
class DnsLookup:
    """What became of a new pod that looked up a Service, and what it wrote."""

    service: str
    pod: PodFacts
    output: str


class ClusterOperator(ClusterActor):
    """Checks the API server, the nodes, the scheduler and the DNS of the cluster."""

    def read_state(self) -> ClusterState:
        """Ask the API server for its liveness, its readiness and its nodes."""
        cluster = self._cluster
        state = ClusterState(cluster.liveness(), cluster.readiness(), cluster.nodes())
        self._keep("Liveness, readiness and nodes", pretty(asdict(state)))
        return state

    def assert_api_ready(self, state: ClusterState) -> None:
        """The API server is live and ready."""
        require(state.alive.succeeded, f"The API server is not live: {state.alive}.")
        require(state.ready.succeeded, f"The API server is not ready: {state.ready}.")

    def assert_nodes_ready(self, state: ClusterState) -> None:
        """Every node is Ready."""
        require_each(
            state.nodes,
            lambda node: None if node.ready else f"the node {node.name} is not ready",
            nothing="The cluster has no node.",
        )

    def schedule_lookup(self) -> DnsLookup:
        """Run a new pod that looks up the backend's Service, and wait until it has ended."""
        namespace, backend = self.system.namespace, self.system.workloads.backend
        pods = self._pods(backend)
        require(pods, "The backend has no pod whose image a new pod could use.")
        container = pods[0].main
        service = f"{backend}.{namespace}.svc"
        name = f"acceptance-lookup-{uuid.uuid4().hex[:8]}"
        body = hardened_pod(
            name,
            container.image,
            ["getent", "hosts", service],
            labels={RUN_LABEL: self.system.run, **_MAY_ASK_DNS},
        )
        # Before it is created: it is deleted whatever happens in between.
        path = api_path("pods", namespace, name)
        self._undo.callback(self._cluster.delete, path)
        created = self._cluster.create(api_path("pods", namespace), body)
        require(created is not None, f"The pod {name} could not be created: its name is taken.")

        def look() -> PodFacts:
            # By name, not by label: the pod is not one of the system's.
            found = self._cluster.read(path)
            require(found is not None, f"The new pod {name} was deleted before it ran.")
            return reading.pod(found or {})

        with self._waking() as wake:
            try:
                pod = eventually(
                    look,
                    lambda pod: pod.phase in _ENDED,
                    timeout=self._timeouts.schedule,
                    wake=wake,
                    unrecoverable=lasting(
                        lambda pod: pod.unrecoverable, seconds=self._timeouts.unrecoverable
                    ),
                    what="a new pod runs",
                )
            except DeadlineExceeded:
                self._keep("The new pod", self._cluster.ask(path).text)
                raise
        lookup = DnsLookup(service, pod, self._cluster.log(namespace, name, CONTAINER) or "")
        self._keep("What the new pod resolved", pretty(asdict(lookup)))
        return lookup

    def assert_resolved(self, lookup: DnsLookup) -> None:
        """The pod was scheduled, ran to its end, and got an address for the name."""
        require(lookup.pod.node, f"{lookup.pod.name} was never scheduled to a node.")
        require(
            lookup.pod.phase == "Succeeded" and lookup.output.strip(),
            f"{lookup.pod.name} could not resolve {lookup.service}: "
            f"{lookup.output.strip() or 'no address'}.",
        )

    def read_version(self) -> str:
        """Return the version of the API server, such as v1.34.4+k3s1."""
        version = self._cluster.version()
        shown = {"version": version, "flavour": self.system.flavour, "driver": self.system.driver}
        self._keep("Version and flavour of the cluster", pretty(shown))
        return version

    def assert_k3s(self, version: str) -> None:
        """The cluster is k3s; raises `Unverifiable` where it is not meant to be."""
        if self.system.flavour != "k3s":
            message = (
                f"The cluster is {self.system.flavour} {version} ({self.system.driver}), not k3s, "
                "so whether k3s runs is not known. Try: pytest --cluster k3d"
            )
            raise Unverifiable(message)
        require("k3s" in version, f"The cluster's version is {version}, which is not k3s.")
