"""The operator's view of what the system stands on: the cluster and its ingress."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.cluster.actor import ClusterActor
from acceptance.drivers.kubernetes import facts
from acceptance.drivers.kubernetes.client import pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import Unverifiable, require, require_each
from acceptance.waiting import DeadlineExceeded, eventually, lasting

if TYPE_CHECKING:
    from acceptance.drivers.http import Reply
    from acceptance.drivers.kubernetes.facts import IngressFacts, NodeFacts, PodFacts

_ENDED = ("Succeeded", "Failed")
_INGRESS_CLASS = "nginx"
_ASKS_DNS = {"checkout.network/dns": "allowed"}
"""What a pod wears that needs names, where a policy lets nobody else ask for them."""


@dataclass(frozen=True)
class ClusterState:
    """How the cluster is, asked from outside with the kubeconfig."""

    alive: Reply
    ready: Reply
    nodes: tuple[NodeFacts, ...]


@dataclass(frozen=True)
class Lookup:
    """What a newly scheduled pod became, and what it wrote."""

    service: str
    pod: PodFacts
    output: str


class ClusterOperator(ClusterActor):
    """Asks the cluster itself."""

    def ask_cluster(self) -> ClusterState:
        """Ask the API server whether it is alive and ready, and for its nodes."""
        state = ClusterState(
            self._cluster.liveness(),
            self._cluster.readiness(),
            self._cluster.nodes(),
        )
        self._keep("How the cluster is", pretty(asdict(state)))
        return state

    def judge_alive(self, state: ClusterState) -> None:
        """The API server says that it is alive and ready."""
        require(state.alive.succeeded, f"The cluster is not alive: {state.alive}.")
        require(state.ready.succeeded, f"The cluster is not ready for work: {state.ready}.")

    def judge_nodes(self, state: ClusterState) -> None:
        """Every node is Ready."""
        require_each(
            state.nodes,
            lambda node: None if node.ready else f"the node {node.name} is not ready",
            nothing="The cluster has no node.",
        )

    def schedule_pod(self) -> Lookup:
        """Run a new pod that looks up the backend's Service, and wait for its end."""
        namespace, backend = self.system.namespace, self.system.workloads.backend
        pods = self._pods(backend)
        require(pods, "The backend has no pod whose image a new pod could use.")
        container = next(each for each in pods[0].containers if not each.init)
        service = f"{backend}.{namespace}.svc"
        name = f"acceptance-lookup-{uuid.uuid4().hex[:8]}"
        body = _lookup_pod(name, container.image, service, self.system.run)
        # Told to end before it is created: whatever happens in between, it does not stay.
        self._undo.callback(self._cluster.delete, api_path("pods", namespace, name))
        created = self._cluster.create(api_path("pods", namespace), body)
        require(created is not None, f"The pod {name} could not be created: its name is taken.")

        def look() -> PodFacts:
            # By name, not by label: the pod is none of the system's.
            return facts.pod(self._cluster.send("GET", api_path("pods", namespace, name)).json())

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
                self._keep(
                    "The new pod", self._cluster.send("GET", api_path("pods", namespace, name)).text
                )
                raise
        lookup = Lookup(service, pod, self._cluster.log(namespace, name, "lookup") or "")
        self._keep("What the new pod resolved", pretty(asdict(lookup)))
        return lookup

    def judge_lookup(self, lookup: Lookup) -> None:
        """The pod ran to its end on a node and got an address for the name."""
        require(lookup.pod.node, f"{lookup.pod.name} was never given a node.")
        require(
            lookup.pod.phase == "Succeeded" and lookup.output.strip(),
            f"{lookup.pod.name} could not resolve {lookup.service}: "
            f"{lookup.output.strip() or 'no address'}.",
        )

    def ask_flavour(self) -> str:
        """Return the version that the API server names."""
        version = self._cluster.version()
        shown = {"version": version, "flavour": self.system.flavour, "driver": self.system.driver}
        self._keep("What the cluster is", pretty(shown))
        return version

    def judge_k3s(self, version: str) -> None:
        """It is k3s. On anything else nothing is known about k3s: `Unverifiable`."""
        if self.system.flavour != "k3s":
            message = (
                f"The cluster is {self.system.flavour} {version} ({self.system.driver}), not k3s, "
                "so whether k3s runs is not known. Try: pytest --cluster k3d"
            )
            raise Unverifiable(message)
        require("k3s" in version, f"The cluster calls itself {version}, which is not k3s.")

    def look_at_ingress(self) -> tuple[IngressFacts, ...]:
        """Return the ingresses for the system's host."""
        found = tuple(
            each
            for each in self._cluster.ingresses(self.system.namespace)
            if self.system.host in each.hosts
        )
        self._keep("The ingress", pretty([asdict(each) for each in found]))
        return found

    def judge_class(self, ingresses: tuple[IngressFacts, ...]) -> None:
        """Every ingress for the host is of the class nginx."""
        require_each(
            ingresses,
            lambda each: (
                None
                if each.ingress_class == _INGRESS_CLASS
                else f"{each.name} has the class {each.ingress_class or '(none)'}"
            ),
            nothing=f"There is no ingress for {self.system.host}.",
        )

    def judge_published(self, ingresses: tuple[IngressFacts, ...]) -> None:
        """Every ingress for the host publishes an address, and it is the one that visitors use."""
        require_each(
            ingresses,
            lambda each: (
                None
                if self.system.published in each.addresses
                else f"{each.name} publishes {', '.join(each.addresses) or 'no address'}, "
                f"and visitors are led to {self.system.published}"
            ),
            nothing=f"There is no ingress for {self.system.host}.",
        )


def _lookup_pod(name: str, image: str, service: str, run: str) -> dict[str, object]:
    """Return a pod that the strictest Pod Security Standard admits."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {RUN_LABEL: run, **_ASKS_DNS}},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 1,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65534,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": "lookup",
                    "image": image,
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["getent", "hosts", service],
                    "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "readOnlyRootFilesystem": True,
                        "capabilities": {"drop": ["ALL"]},
                    },
                }
            ],
        },
    }
