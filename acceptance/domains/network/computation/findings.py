"""Compares what the policies of a cluster allow with what is planned, in both directions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.network.computation.evaluated_pods import is_elsewhere
from acceptance.domains.network.plan.matrix import EXPOSED
from acceptance.domains.network.plan.probe_placement import API_SERVER, ELSEWHERE, NODE, OUTSIDE
from acceptance.drivers.kubernetes.network_policies.address_set import (
    EVERY_IPV4_ADDRESS,
    AddressSet,
)
from acceptance.drivers.kubernetes.network_policies.evaluation import (
    PolicyEvaluation,
    ports_allowed,
)
from acceptance.drivers.kubernetes.network_policies.policy import EGRESS, INGRESS
from acceptance.drivers.kubernetes.network_policies.port_set import PortSet, ports_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from acceptance.domains.network.plan.connection_plan import ConnectionPlan
    from acceptance.drivers.kubernetes.network_policies.evaluation import Allowance, Pod
    from acceptance.drivers.kubernetes.network_policies.policy import Policy

_SHOWN = 3


@dataclass(frozen=True)
class AllowedConnection:
    """A connection that the policies allow, and why."""

    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    ports: str
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        """Tell who may reach whom."""
        ends = f"{_listed(self.sources)} may reach {_listed(self.destinations)}"
        return f"{ends} on {self.ports}, which the plan does not have ({_listed(self.reasons)})"


def unplanned_connections(
    policies: Sequence[Policy], pods: Sequence[Pod], plan: ConnectionPlan
) -> tuple[AllowedConnection, ...]:
    """Return what the policies allow and nobody planned, alike connections as one.

    Where it is up to the network plugin what a policy means, it means more.
    """
    evaluation = PolicyEvaluation(policies)
    judged = [each for each in pods if plan.judges(each)]
    found = [
        connection
        for pod in judged
        for connection in (
            *_addresses(evaluation, pod, EGRESS, plan.to_addresses(pod)),
            *_addresses(evaluation, pod, INGRESS, plan.from_addresses(pod)),
        )
    ]
    for source in pods:
        for destination in pods:
            if not (plan.judges(source) or plan.judges(destination)):
                continue
            planned = plan.between(source, destination)
            if planned is None:
                continue
            if more := evaluation.between(source, destination) - planned:
                reasons = _reasons(evaluation, plan, source, destination, more)
                ends = (source.title,), (destination.title,)
                found.append(AllowedConnection(*ends, str(more), reasons))
    return _together(found)


def missing_connections(
    policies: Sequence[Policy], pods: Sequence[Pod], plan: ConnectionPlan
) -> tuple[str, ...]:
    """Return a sentence for each connection that is planned and that the policies deny.

    Where it is up to the network plugin what a policy means, it means less.
    """
    evaluation = PolicyEvaluation(policies, blocks_mean_pods=False)
    real = [
        each
        for each in pods
        if is_elsewhere(each) or not (each.invented or ELSEWHERE in each.places)
    ]
    found = []
    for source in real:
        for destination in real:
            if not (plan.judges(source) or plan.judges(destination)):
                continue
            word = plan.word(source.places, destination.places)
            planned = plan.planned_ports(word, destination.places[0])
            if denied := planned - evaluation.between(source, destination):
                leaving = ports_allowed(evaluation.with_pod(source, EGRESS, destination))
                end = source if denied - leaving else destination
                found.append(_denied(source.title, destination.title, denied, end.title))
    for pod in real:
        if plan.judges(pod):
            found += _denied_addresses(evaluation, pod, plan)
    return tuple(dict.fromkeys(found))


def allowed_connections(
    policies: Sequence[Policy], pods: Sequence[Pod], plan: ConnectionPlan
) -> tuple[str, ...]:
    """Return a line for all that judged pods of the cluster may do, as evidence."""
    evaluation = PolicyEvaluation(policies)
    real = [each for each in pods if not each.invented]
    lines = [
        f"{source.title} → {destination.title}: {ports}"
        for source in real
        for destination in real
        if plan.judges(source) or plan.judges(destination)
        if (ports := evaluation.between(source, destination))
    ]
    for pod in real:
        if plan.judges(pod):
            leaving, entering = (evaluation.with_addresses(pod, way) for way in (EGRESS, INGRESS))
            lines += [f"{pod.title} → {each.block}: {each.ports}" for each in leaving]
            lines += [f"{each.block} → {pod.title}: {each.ports}" for each in entering]
    return tuple(dict.fromkeys(lines))


def _denied_addresses(
    evaluation: PolicyEvaluation, pod: Pod, plan: ConnectionPlan
) -> Iterator[str]:
    leaving = evaluation.with_addresses(pod, EGRESS)
    wanted = [("any address", EVERY_IPV4_ADDRESS, plan.at_any_address(pod))]
    if plan.word(pod.places, (API_SERVER,)) == EXPOSED:
        wanted += [
            (f"the API server at {own}", own, ports_of([port]))
            for own, port in plan.cluster.api_servers[:-1]  # the last one is its Service
        ]
    node = plan.planned_ports(plan.word(pod.places, (NODE,)), NODE)
    wanted.append(("the nodes", plan.cluster.nodes, node))
    for name, block, ports in wanted:
        allowed = [each.ports for each in leaving if not block - each.block]
        if denied := _without(ports, allowed):
            yield _denied(pod.title, name, denied, pod.title)
    entering = [
        each.ports
        for each in evaluation.with_addresses(pod, INGRESS)
        if each.block - plan.cluster.nodes
    ]
    planned = plan.planned_ports(plan.word((OUTSIDE,), pod.places), pod.places[0])
    if denied := _without(planned, entering):
        yield _denied("the addresses outside of the cluster", pod.title, denied, pod.title)


def _without(ports: PortSet, sets: Iterable[PortSet]) -> PortSet:
    for each in sets:
        ports -= each
    return ports


def _denied(source: str, destination: str, ports: PortSet, end: str) -> str:
    which = f"no policy of {end} allows it"
    return f"{source} may not reach {destination} on {ports}, which the plan has: {which}"


def _addresses(
    evaluation: PolicyEvaluation,
    pod: Pod,
    direction: str,
    planned: Sequence[tuple[AddressSet, PortSet]],
) -> Iterator[AllowedConnection]:
    for each in evaluation.with_addresses(pod, direction):
        for block, ports in _unplanned(each, planned):
            ends = (pod.title,), (str(block),)
            source, destination = ends if direction == EGRESS else ends[::-1]
            yield AllowedConnection(source, destination, str(ports), (each.reason,))


def _unplanned(
    allowance: Allowance, planned: Sequence[tuple[AddressSet, PortSet]]
) -> list[tuple[AddressSet, PortSet]]:
    """Return what is left of addresses and their ports without all that is planned."""
    left = [(allowance.block, allowance.ports)]
    for block, ports in planned:
        if block and ports:
            left = [
                part
                for own, theirs in left
                for part in ((own - block, theirs), (own & block, theirs - ports))
                if part[0] and part[1]
            ]
    return left


def _reasons(
    evaluation: PolicyEvaluation,
    plan: ConnectionPlan,
    source: Pod,
    destination: Pod,
    ports: PortSet,
) -> tuple[str, ...]:
    """Return what allows it at the ends that are judged: others may be as open as they like."""
    allowances = []
    if plan.judges(source):
        allowances += evaluation.with_pod(source, EGRESS, destination)
    if plan.judges(destination):
        allowances += evaluation.with_pod(destination, INGRESS, source)
    return tuple(dict.fromkeys(each.reason for each in allowances if each.ports & ports))


def _together(found: Iterable[AllowedConnection]) -> tuple[AllowedConnection, ...]:
    """Return one connection for those that differ only in one of their ends."""
    by_source = _grouped((each, (each.sources, each.ports, each.reasons)) for each in found)
    joined = [
        AllowedConnection(
            each[0].sources,
            tuple(dict.fromkeys(name for one in each for name in one.destinations)),
            each[0].ports,
            each[0].reasons,
        )
        for each in by_source
    ]
    by_destination = _grouped(
        (each, (each.destinations, each.ports, each.reasons)) for each in joined
    )
    return tuple(
        AllowedConnection(
            tuple(dict.fromkeys(name for one in each for name in one.sources)),
            each[0].destinations,
            each[0].ports,
            each[0].reasons,
        )
        for each in by_destination
    )


def _grouped(
    found: Iterable[tuple[AllowedConnection, Hashable]],
) -> list[list[AllowedConnection]]:
    groups: dict[Hashable, list[AllowedConnection]] = defaultdict(list)
    for each, key in found:
        groups[key].append(each)
    return list(groups.values())


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    *first, last = names if more <= 1 else [*names[:_SHOWN], f"{more} others"]
    return f"{', '.join(first)} and {last}" if first else last
