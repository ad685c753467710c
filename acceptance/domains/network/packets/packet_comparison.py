"""Compares what became of connection attempts with what the network policies say about them.

The computation and the cluster's network plugin read the same policies. Where they differ, one of
them misreads the specification, and neither proves anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.network.drivers import declared_ports
from acceptance.domains.network.packets.testbed import second
from acceptance.domains.network.plan.probe_placement import API_SERVER, DNS, NODE, OUTSIDE
from acceptance.drivers.kubernetes.network_policies.address_set import AddressSet, addresses
from acceptance.drivers.kubernetes.network_policies.evaluation import (
    Pod,
    PolicyEvaluation,
    ports_allowed,
)
from acceptance.drivers.kubernetes.network_policies.policy import EGRESS, INGRESS
from acceptance.drivers.kubernetes.network_policies.port_set import PortSet, ports_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.domains.network.drivers import PolicyObjects
    from acceptance.domains.network.packets.connection_attempts import (
        AttemptResult,
        ConnectionAttempt,
    )
    from acceptance.domains.network.packets.testbed import NetworkTestbed
    from acceptance.drivers.kubernetes.network_policies.policy import Policy


@dataclass(frozen=True)
class ComparedAttempt:
    """An attempt, and whether the policies allow it."""

    result: AttemptResult
    allowed: bool

    @property
    def difference(self) -> str | None:
        """What the packets did that the policies do not say; None if they agree."""
        if self.allowed and not self.result.succeeded:
            return f"the network policies allow it, and yet it failed: {self.result}"
        if not self.allowed and self.result.leaked:
            return f"the network policies deny it, and yet it got through: {self.result}"
        return None


def compare_with_packets(
    policies: Sequence[Policy],
    objects: PolicyObjects,
    testbed: NetworkTestbed,
    results: Sequence[AttemptResult],
) -> tuple[ComparedAttempt, ...]:
    """Return each attempt whose outcome the policies alone decide.

    They do not if it comes from the node, which may always connect to its pods, or if it is up to
    the network plugin what an ipBlock means.
    """
    pods = _pods_of_probes(objects, testbed)
    more, less = (PolicyEvaluation(policies, blocks_mean_pods=each) for each in (True, False))
    found = []
    for result in results:
        verdicts = [_allows(each, result.attempt, pods, testbed) for each in (more, less)]
        if verdicts[0] is not None and verdicts[0] == verdicts[1]:
            found.append(ComparedAttempt(result, verdicts[0]))
    return tuple(found)


def _allows(
    evaluation: PolicyEvaluation,
    attempt: ConnectionAttempt,
    pods: Mapping[str, Pod],
    testbed: NetworkTestbed,
) -> bool | None:
    """Return whether the policies allow an attempt; None if they do not decide that alone."""
    source, destination = attempt.source, attempt.destination
    port = ports_of([attempt.own_port])
    if source == NODE or (destination == DNS and not attempt.watcher):
        return None  # of the name server itself only its Service's address and port are known
    if destination in {NODE, API_SERVER, OUTSIDE}:
        if source == OUTSIDE or (destination == API_SERVER and _of_service(attempt)):
            return None
        at_nodes = destination != OUTSIDE and not evaluation.blocks_mean_pods
        allowed = PortSet()
        for each in evaluation.with_addresses(pods[source], EGRESS):
            if not (each.by_block and at_nodes) and not addresses(attempt.host) - each.block:
                allowed |= each.ports
        return bool(port & allowed)
    target = pods[second(destination) if source == destination else destination]
    if source != OUTSIDE:
        return bool(port & evaluation.between(pods[source], target))
    if testbed.outside is None:
        return None
    own = addresses(testbed.outside.address)
    entering = evaluation.with_addresses(target, INGRESS)
    return bool(port & ports_allowed(each for each in entering if not own - each.block))


def _of_service(attempt: ConnectionAttempt) -> bool:
    """Return whether the address is that of a Service: policies see where it leads to."""
    return bool(attempt.socket_port) and attempt.socket_port != attempt.port.number


def _pods_of_probes(objects: PolicyObjects, testbed: NetworkTestbed) -> dict[str, Pod]:
    """Return the pods of the probes as the API server has them, by the probes' names."""
    labels = {
        each["metadata"]["name"]: each["metadata"].get("labels") or {}
        for each in objects.namespaces
    }
    pods = {each["metadata"]["name"]: each for each in objects.pods}
    found = {}
    for name, probe in testbed.probes.items():
        namespace, pod = probe.placement.namespace, pods.get(probe.name)
        if pod is not None and not probe.placement.node:
            own = addresses(probe.address) if probe.address else AddressSet()
            theirs = pod["metadata"].get("labels") or {}
            ports = declared_ports(pod["spec"])
            found[name] = Pod(name, namespace, labels[namespace], theirs, ports, own)
    return found
