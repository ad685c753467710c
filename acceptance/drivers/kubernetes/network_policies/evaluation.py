"""Evaluates NetworkPolicies: on which ports pods may connect to pods and to addresses.

Source: Kubernetes documentation, Network Policies. A direction of a pod that no policy selects is
not restricted; otherwise a connection is allowed if any rule of any policy that selects the pod
allows it. Between two pods, the egress of the source and the ingress of the destination have to.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acceptance.drivers.kubernetes.network_policies.address_set import EVERY_ADDRESS, AddressSet
from acceptance.drivers.kubernetes.network_policies.policy import EGRESS, INGRESS, Rule
from acceptance.drivers.kubernetes.network_policies.port_set import (
    EVERY_PORT,
    PortSet,
    port_named,
    ports_of,
    union,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from acceptance.drivers.kubernetes.network_policies.policy import Peer, Policy, PortRule
    from acceptance.drivers.kubernetes.network_policies.port import Port


@dataclass(frozen=True, eq=False)
class Pod:
    """Pods to which policies do the same."""

    title: str
    """In the plural, as sentences name them."""
    namespace: str
    namespace_labels: Mapping[str, str]
    labels: Mapping[str, str]
    ports: tuple[tuple[str, Port], ...] | None = ()
    """The ports that it declares, by their names; None if it does not exist, and so could name its
    ports as it likes."""
    own: AddressSet = field(default_factory=AddressSet)
    """Its addresses."""
    places: tuple[str, ...] = ()
    """What the plan may call it; the first name that the plan knows counts."""
    invented: bool = False
    """Whether it is not in the cluster, and only could be."""


@dataclass(frozen=True)
class Allowance:
    """Something that allows connections, and on which ports."""

    reason: str
    ports: PortSet
    block: AddressSet = EVERY_ADDRESS
    """With which addresses, where the other end is no pod."""
    by_block: bool = False
    """Whether it names the addresses; otherwise it means everything."""


def ports_allowed(allowances: Iterable[Allowance]) -> PortSet:
    """Return the ports that any of them allows."""
    return union(each.ports for each in allowances)


class PolicyEvaluation:
    """All policies of a cluster.

    Whether an ipBlock means pods and nodes by their addresses too is up to the network plugin.
    With `blocks_mean_pods` it does.
    """

    def __init__(self, policies: Iterable[Policy], *, blocks_mean_pods: bool = True) -> None:
        """Evaluate these policies, and no others."""
        self._policies: dict[str, list[Policy]] = defaultdict(list)
        for each in policies:
            self._policies[each.namespace].append(each)
        self.blocks_mean_pods = blocks_mean_pods
        self._selecting: dict[tuple[int, str], tuple[Pod, list[Policy]]] = {}

    def between(self, source: Pod, destination: Pod) -> PortSet:
        """Return the ports of `destination` to which `source` may connect."""
        leaving = ports_allowed(self.with_pod(source, EGRESS, destination))
        if not leaving:
            return leaving
        return leaving & ports_allowed(self.with_pod(destination, INGRESS, source))

    def with_pod(self, pod: Pod, direction: str, other: Pod) -> list[Allowance]:
        """Return what lets `pod` connect to another pod, or lets that one connect to it."""
        destination = other if direction == EGRESS else pod
        found = []
        for policy, rule in self._rules(pod, direction):
            if policy is None:
                return [Allowance(_unrestricted(pod, direction), EVERY_PORT)]
            named = any(
                _selects(policy, peer, other) or self._has_address_of(other, peer)
                for peer in rule.peers
            )
            if named or not rule.peers:
                found.append(Allowance(str(policy), _ports(rule, destination)))
        return found

    def with_addresses(self, pod: Pod, direction: str) -> list[Allowance]:
        """Return what lets `pod` connect to addresses, or lets these connect to it."""
        found = []
        for policy, rule in self._rules(pod, direction):
            if policy is None:
                return [Allowance(_unrestricted(pod, direction), EVERY_PORT)]
            block = AddressSet() if rule.peers else EVERY_ADDRESS
            for peer in rule.peers:
                block |= peer.block or AddressSet()
            ports = _ports(rule, pod if direction == INGRESS else None)
            if block and ports:
                found.append(Allowance(str(policy), ports, block, by_block=bool(rule.peers)))
        return found

    def _rules(self, pod: Pod, direction: str) -> Iterator[tuple[Policy | None, Rule]]:
        """Yield every rule that applies to a pod; one of no policy if nothing restricts it."""
        key = id(pod), direction
        if key not in self._selecting:
            found = [
                each
                for each in self._policies[pod.namespace]
                if each.restricts(pod.namespace, pod.labels, direction)
            ]
            self._selecting[key] = pod, found  # with the pod, whose id stays its own then
        selecting = self._selecting[key][1]
        if not selecting:
            yield None, Rule()
        for policy in selecting:
            for rule in policy.rules[direction]:
                yield policy, rule

    def _has_address_of(self, pod: Pod, peer: Peer) -> bool:
        return self.blocks_mean_pods and bool(peer.block and peer.block & pod.own)


def treatment(policies: Sequence[Policy], pod: Pod) -> frozenset[tuple[int, int]]:
    """Return which policies select a pod, and which of their peers do: the same for alike pods."""
    found = set()
    for number, policy in enumerate(policies):
        if policy.namespace == pod.namespace and policy.pods.selects(pod.labels):
            found.add((number, 0))
        peers = (peer for rules in policy.rules.values() for rule in rules for peer in rule.peers)
        found |= {(number, at) for at, peer in enumerate(peers, 1) if _selects(policy, peer, pod)}
    return frozenset(found)


def _selects(policy: Policy, peer: Peer, pod: Pod) -> bool:
    """Return whether a peer of a policy is the pod, by its labels."""
    if peer.block is not None:
        return False
    if peer.namespaces is None:
        if policy.namespace != pod.namespace:
            return False
    elif not peer.namespaces.selects(pod.namespace_labels):
        return False
    return peer.pods is None or peer.pods.selects(pod.labels)


def _ports(rule: Rule, destination: Pod | None) -> PortSet:
    """Return the ports of a rule at the pod that it lets somebody connect to; None is no pod."""
    if not rule.ports:
        return EVERY_PORT
    return union(_numbers(each, destination) for each in rule.ports)


def _numbers(found: PortRule, destination: Pod | None) -> PortSet:
    if not found.name:
        return found.ports
    if destination is None:  # only pods name ports
        return PortSet()
    if destination.ports is None:
        return port_named(found.protocol, found.name)
    return ports_of(
        port
        for name, port in destination.ports
        if name == found.name and port.protocol.upper() == found.protocol
    )


def _unrestricted(pod: Pod, direction: str) -> str:
    ways = {INGRESS: "what connects to", EGRESS: "the connections of"}
    return f"no network policy restricts {ways[direction]} {pod.title}"
