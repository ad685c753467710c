"""Creates everything that a network measurement needs in the cluster, and removes it again."""

from __future__ import annotations

import uuid
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.build.manifests import RUN_LABEL
from acceptance.deployment.rollout import apply, apply_to_system
from acceptance.domains.network.drivers import (
    PROBE_LABEL,
    OutsideListener,
    Probe,
    ProbeFleet,
    address_towards,
    allow_policy,
    exposing_service,
    network_policy,
)
from acceptance.domains.network.plan.probe_placement import NODE, placements_without_policies
from acceptance.drivers.kubernetes.network_policies.port import Port
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import require

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.build.manifests import Manifest
    from acceptance.domains.network.drivers import ProbePlacement
    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.settings import Timeouts
    from acceptance.system import System

UNUSED_PORTS = (Port("tcp", 17777), Port("udp", 17777))
"""Ports that no workload uses."""

_LOOPBACK = "127."


class NetworkTestbed:
    """Probes in their places, and the policies and Services that let connections reach them."""

    def __init__(self, system: System, cluster: Kubernetes, timeouts: Timeouts) -> None:
        """Prepare; nothing is in the cluster yet."""
        self._system = system
        self._cluster = cluster
        self._timeouts = timeouts
        self._mark = uuid.uuid4().hex[:6]
        self._undo = ExitStack()
        self._allow_policies: list[str] = []
        self.fleet = ProbeFleet(system, cluster, timeouts)
        self.namespace = f"acceptance-elsewhere-{system.run}-{self._mark}"
        self.probes: dict[str, Probe] = {}
        """By the name of their placement, or by `second` of it."""
        self.node_ports: dict[str, dict[Port, int]] = {}
        self.outside: OutsideListener | None = None
        self.public: OutsideListener | None = None
        """The same at an address that is not private."""

    def close(self) -> None:
        """Remove everything."""
        self._undo.close()

    def unique_namespace(self, name: str) -> str:
        """Return a name for a namespace that no other run uses."""
        return f"{name}-{self._system.run}-{self._mark}"

    def create_namespaces(self, objects: Sequence[Manifest] = ()) -> None:
        """Create the probes' own namespace, which has no policies, and the objects given."""
        labels = {RUN_LABEL: self._system.run, "pod-security.kubernetes.io/enforce": "privileged"}
        own = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": self.namespace, "labels": labels},
        }
        created = [own, *objects]
        for each in created:
            if each["kind"] == "Namespace":
                path = api_path("namespaces", name=each["metadata"]["name"])
                self._undo.callback(self._cluster.delete, path)
        kubeconfig = Path(self._system.kubeconfig)
        limit = self._timeouts.command
        apply(kubeconfig, self._system.context, [own], timeout=limit)
        if objects:
            apply_to_system(self._cluster, kubeconfig, self._system.context, objects, limit)

    def place_probes(
        self,
        placements: Mapping[str, ProbePlacement],
        doubled: Sequence[str],
        image: str,
        ports: Sequence[Port],
    ) -> None:
        """Create a probe at each placement, and a second one at those that are `doubled`.

        All of them listen on all `ports`, so that no connection fails because nobody listens.
        Policies allow the probes every connection until `remove_allow_policies` is called.
        """
        everything = {**placements, **placements_without_policies(self._cluster, self.namespace)}
        placed = {name: self._probe(each) for name, each in everything.items()}
        placed |= {second(name): self._probe(everything[name], "-2") for name in doubled}
        self._allow_all(list(placed.values()))
        self._undo.callback(self.fleet.remove)
        for probe in placed.values():
            # A node has programs of its own, which may listen on any other port.
            listens = UNUSED_PORTS if probe.placement.node else ports
            self.fleet.create([probe], image, listens)
        ready = {probe.name: probe for probe in self.fleet.await_ready()}
        self.probes = {name: ready[probe.name] for name, probe in placed.items()}

    def expose_on_node(self, ports: Mapping[str, Sequence[Port]]) -> None:
        """Expose probes on ports of the node, by Services of type NodePort.

        `ports` are those of each probe, by its placement's name.
        """
        for name, own in ports.items():
            probe = self.probes[name]
            path = api_path("services", probe.placement.namespace)
            body = exposing_service(probe, self._system.run, own)
            self._undo.callback(self._cluster.delete, f"{path}/{probe.name}")
            created = self._cluster.create(path, body)
            require(created is not None, f"The Service {probe.name} could not be created.")
            assert created is not None
            self.node_ports[name] = {
                Port(str(port["protocol"]).lower(), int(port["port"])): int(port["nodePort"])
                for port in created["spec"]["ports"]
            }

    def listen_outside(self) -> str:
        """Listen where pods can reach this process; return why that is not possible, or nothing."""
        try:
            address = address_towards(self._cluster.server)
            if address.startswith(_LOOPBACK):
                address = self.fleet.gateway
            self.outside = self._undo.enter_context(OutsideListener(address))
            if public := self._system.public_address:
                self.public = self._undo.enter_context(OutsideListener(public))
        except OSError as error:
            return f"the cluster cannot reach this machine: {error}"
        return ""

    def allow_from(self, name: str, namespace: str) -> None:
        """Allow one probe to connect to every pod of a namespace."""
        probe = self.probes[name].name
        body = allow_policy(
            f"{probe}-in", namespace, self._system.run, selector={}, only_from=probe
        )
        self._add_policy(namespace, body)

    def remove_allow_policies(self) -> None:
        """Delete every policy that allows connections: then the system's own policies decide."""
        while self._allow_policies:
            self._cluster.delete(self._allow_policies.pop())

    def isolate(self, name: str) -> None:
        """Deny every connection to one probe, by a policy in the probes' own namespace."""
        selector = {"matchLabels": {PROBE_LABEL: self.probes[name].name}}
        spec = {"podSelector": selector, "policyTypes": ["Ingress"]}
        body = network_policy("isolate", self.namespace, self._system.run, spec)
        self._add_policy(self.namespace, body, stays=True)

    def node_address(self) -> str:
        """Return the address of the node on which the node's probe runs."""
        return self.probes[NODE].address

    def _probe(self, placement: ProbePlacement, suffix: str = "") -> Probe:
        slug = placement.name.lower().replace(" ", "-")
        return Probe(placement, f"probe-{slug}{suffix}-{self._mark}")

    def _allow_all(self, probes: Sequence[Probe]) -> None:
        names = sorted(probe.name for probe in probes)
        selector = {"matchExpressions": [{"key": PROBE_LABEL, "operator": "In", "values": names}]}
        for namespace in sorted({each.placement.namespace for each in probes} - {self.namespace}):
            name = f"probes-{self._mark}"
            body = allow_policy(name, namespace, self._system.run, selector=selector)
            self._add_policy(namespace, body)

    def _add_policy(self, namespace: str, body: Manifest, *, stays: bool = False) -> None:
        path = api_path("networkpolicies", namespace)
        own_path = f"{path}/{body['metadata']['name']}"
        self._undo.callback(self._cluster.delete, own_path)
        self._cluster.create(path, body)
        if not stays:
            self._allow_policies.append(own_path)


def second(name: str) -> str:
    """Return the name of the second probe at a placement."""
    return f"{name} (another)"
