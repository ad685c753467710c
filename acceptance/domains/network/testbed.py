"""Everything that a measurement of the network puts into the cluster, and takes away again."""

from __future__ import annotations

import uuid
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.build.manifests import RUN_LABEL
from acceptance.deployment.rollout import apply
from acceptance.domains.network.connections import Outcome
from acceptance.domains.network.drivers import (
    PROBE_LABEL,
    Door,
    Fleet,
    Outside,
    Probe,
    Target,
    address_towards,
    exposing_service,
    permission,
    try_all,
)
from acceptance.domains.network.drivers.probe_pods import policy
from acceptance.domains.network.probe_placement import NODE, OUTSIDE, posts_of_nobody
from acceptance.judgement import require
from acceptance.waiting import DeadlineExceeded, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from acceptance.build.manifests import Manifest
    from acceptance.domains.network.connections import Request
    from acceptance.domains.network.drivers import Post, Sighting
    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.settings import Timeouts
    from acceptance.system import System

PLAIN = (Door("tcp", 17777), Door("udp", 17777))
"""Doors that no workload has."""

DENIAL_SECONDS = 2.0
"""How long a connection that must not exist is tried: two first packets and more (RFC 6298)."""

LOG_SECONDS = 3.0
"""From a line that a pod writes until the API server has it."""

_LOOPBACK = "127."
_POLICIES = "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies"


class Stage:
    """Probes at their posts, and what lets them through everything."""

    def __init__(self, system: System, cluster: Kubernetes, timeouts: Timeouts) -> None:
        """Prepare; nothing is in the cluster yet."""
        self._system = system
        self._cluster = cluster
        self._timeouts = timeouts
        self._mark = uuid.uuid4().hex[:6]
        self._undo = ExitStack()
        self._permissions: list[str] = []
        self.fleet = Fleet(system, cluster, timeouts)
        self.namespace = f"acceptance-elsewhere-{system.run}-{self._mark}"
        self.probes: dict[str, Probe] = {}
        """By the name of their post, that of a second one with `twin`."""
        self.node_ports: dict[str, dict[Door, int]] = {}
        self.outside: Outside | None = None

    def close(self) -> None:
        """Take everything away."""
        self._undo.close()

    def own_namespace(self, name: str) -> str:
        """Return a name for a namespace that nobody else has."""
        return f"{name}-{self._system.run}-{self._mark}"

    def make_namespaces(self, objects: Sequence[Manifest] = ()) -> None:
        """Make the probes' own namespace, where nothing is forbidden, and others from `objects`."""
        labels = {RUN_LABEL: self._system.run, "pod-security.kubernetes.io/enforce": "privileged"}
        own = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": self.namespace, "labels": labels},
        }
        placed = [own, *objects]
        for each in placed:
            if each["kind"] == "Namespace":
                path = f"/api/v1/namespaces/{each['metadata']['name']}"
                self._undo.callback(self._cluster.delete, path)
        kubeconfig = Path(self._system.kubeconfig)
        apply(kubeconfig, self._system.context, placed, timeout=self._timeouts.command)

    def place(self, posts: Mapping[str, Post], twins: Sequence[str], image: str) -> None:
        """Put a probe at each post, two where a pod may talk to one of its own kind.

        Until `forbid` is called every probe is let through everything.
        """
        all_posts = {**posts, **posts_of_nobody(self._cluster, self.namespace)}
        placed = {name: self._named(post) for name, post in all_posts.items()}
        placed |= {twin(name): self._named(all_posts[name], "-2") for name in twins}
        self._permit(list(placed.values()))
        self._undo.callback(self.fleet.remove)
        self.fleet.create(list(placed.values()), image, self.doors(tuple(all_posts.values())))
        ready = {probe.name: probe for probe in self.fleet.await_ready()}
        self.probes = {name: ready[probe.name] for name, probe in placed.items()}

    @staticmethod
    def doors(posts: Sequence[Post]) -> tuple[Door, ...]:
        """Return every door that any pod has, and those that none has."""
        return tuple(sorted({*PLAIN, *(door for post in posts for door in post.own)}))

    def expose(self, names: Sequence[str], doors: Sequence[Door]) -> None:
        """Lead ports of the node to probes, as somebody does who wants to show a thing quickly."""
        for name in names:
            probe = self.probes[name]
            path = f"/api/v1/namespaces/{probe.post.namespace}/services"
            body = exposing_service(probe, self._system.run, doors)
            self._undo.callback(self._cluster.delete, f"{path}/{probe.name}")
            made = self._cluster.create(path, body)
            require(made is not None, f"The Service {probe.name} could not be made.")
            assert made is not None
            self.node_ports[name] = {
                Door(str(port["protocol"]).lower(), int(port["port"])): int(port["nodePort"])
                for port in made["spec"]["ports"]
            }

    def listen_outside(self) -> str:
        """Listen where the cluster can find this process; return why that is not possible."""
        try:
            server = self._cluster.server
            address = address_towards(server)
            if address.startswith(_LOOPBACK):
                address = self.fleet.gateway
            self.outside = self._undo.enter_context(Outside(address))
        except OSError as error:
            return f"this machine cannot be found from the cluster: {error}"
        return ""

    def permit_from(self, name: str, namespace: str) -> None:
        """Let one probe come in to every pod of a namespace."""
        probe = self.probes[name].name
        body = permission(f"{probe}-in", namespace, self._system.run, selector={}, only=probe)
        self._add_policy(namespace, body)

    def forbid(self) -> None:
        """Take every permission away: from here on the system's own policies decide."""
        while self._permissions:
            self._cluster.delete(self._permissions.pop())

    def close_by_policy(self, name: str) -> None:
        """Let nobody come in to one probe, by a policy of the probes' own namespace."""
        selector = {"matchLabels": {PROBE_LABEL: self.probes[name].name}}
        spec = {"podSelector": selector, "policyTypes": ["Ingress"]}
        body = policy("wall", self.namespace, self._system.run, spec)
        self._add_policy(self.namespace, body, stays=True)

    def send(
        self, requests: Sequence[Request], tokens: Sequence[str], timeout: float
    ) -> dict[Request, str]:
        """Let every source try its requests, all at once; return what each of them met."""
        orders: dict[str, list[Target]] = {}
        placed: dict[str, list[Request]] = {}
        for request, token in zip(requests, tokens, strict=True):
            orders.setdefault(request.source, []).append(request.target(token))
            placed.setdefault(request.source, []).append(request)
        own = orders.pop(OUTSIDE, [])
        inside = {self.probes[name].name: targets for name, targets in orders.items()}
        said = self.fleet.send(inside, timeout)
        met = {name: said[self.probes[name].name] for name in orders}
        if own:
            met[OUTSIDE] = tuple(try_all(own, timeout))
        return {
            request: outcome
            for name, group in placed.items()
            for request, outcome in zip(group, met[name], strict=True)
        }

    def seen(
        self,
        requests: Sequence[Request],
        tokens: Sequence[str],
        said: Mapping[Request, str],
        since: Mapping[str, int],
    ) -> tuple[Outcome, ...]:
        """Return the outcomes, with what the other ends say.

        Who was answered must have been seen, but a line of a log takes its time.
        """

        def look() -> tuple[Outcome, ...]:
            seen = self.fleet.sightings(since)
            heard = self.outside.heard() if self.outside else ()
            return tuple(
                Outcome(request, said[request], self._arrived(request, token, seen, heard))
                for request, token in zip(requests, tokens, strict=True)
            )

        try:
            return eventually(
                look,
                lambda found: all(each.made or not each.reached for each in found),
                timeout=LOG_SECONDS,
                what="all that was answered is in the logs",
                describe=lambda _: "something is not",
            )
        except DeadlineExceeded:
            return look()

    def _arrived(
        self,
        request: Request,
        token: str,
        seen: Mapping[str, Sequence[Sighting]],
        heard: Sequence[str],
    ) -> bool | None:
        """Return whether a request was seen where it goes; None if nobody looks there."""
        if request.destination == OUTSIDE:
            return any(f"/{token}" in said for said in heard)
        if not request.watcher:
            return None
        sightings = seen[self.probes[request.watcher].name]
        if request.socket_port:
            came = self.probes[request.source].address
            return any(
                each.door == "socket" and each.port == request.socket_port and each.came == came
                for each in sightings
            )
        return any(f"/{token}" in each.said for each in sightings)

    def node_address(self) -> str:
        """Return the address of the node that the node's probe stands on."""
        return self.probes[NODE].address

    def _named(self, post: Post, suffix: str = "") -> Probe:
        slug = post.name.lower().replace(" ", "-")
        return Probe(post, f"probe-{slug}{suffix}-{self._mark}")

    def _permit(self, probes: Sequence[Probe]) -> None:
        names = sorted(probe.name for probe in probes)
        selector = {"matchExpressions": [{"key": PROBE_LABEL, "operator": "In", "values": names}]}
        for namespace in sorted({probe.post.namespace for probe in probes} - {self.namespace}):
            name = f"probes-{self._mark}"
            body = permission(name, namespace, self._system.run, selector=selector)
            self._add_policy(namespace, body)

    def _add_policy(self, namespace: str, body: Manifest, *, stays: bool = False) -> None:
        path = _POLICIES.format(namespace)
        one = f"{path}/{body['metadata']['name']}"
        self._undo.callback(self._cluster.delete, one)
        self._cluster.create(path, body)
        if not stays:
            self._permissions.append(one)


def twin(name: str) -> str:
    """Return the name of the second probe at a post."""
    return f"{name} (another)"


def give_time(look: Callable[[], bool], seconds: float) -> None:
    """Look again until it is true, for at most `seconds`; whoever looked judges what was seen.

    A policy that was made or taken away needs a moment until connections follow it, and nothing
    tells when they do.
    """
    with suppress(DeadlineExceeded):
        eventually(look, bool, timeout=seconds, what="connections follow the policies")
