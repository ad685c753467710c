"""Reads NetworkPolicies of networking.k8s.io/v1 strictly: what is not understood is no policy.

Source: Kubernetes API reference, NetworkPolicy v1 and LabelSelector v1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.drivers.kubernetes.network_policies.address_set import AddressSet, addresses
from acceptance.drivers.kubernetes.network_policies.port_set import (
    LAST_PORT,
    PROTOCOLS,
    PortSet,
    port_range,
)
from acceptance.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from acceptance.drivers.kubernetes.facts import Object

INGRESS, EGRESS = "Ingress", "Egress"
_PEERS = {INGRESS: "from", EGRESS: "to"}
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
_UNKNOWN = "any"
_SHOWN = 5


class NotUnderstood(EnvironmentFailure):
    """What a policy allows is not known, because something of it is not understood here."""


@dataclass(frozen=True)
class Requirement:
    """What a selector requires of one label."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Return whether labels fulfil it; a label that is absent is also not in the values."""
        if self.operator in {"In", "NotIn"}:
            return (labels.get(self.key) in self.values) == (self.operator == "In")
        return (self.key in labels) == (self.operator == "Exists")


@dataclass(frozen=True)
class Selector:
    """A label selector: every requirement has to hold, and an empty one selects everything."""

    requirements: tuple[Requirement, ...] = ()

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Return whether it selects something with these labels."""
        return all(each.holds(labels) for each in self.requirements)

    def examples(self) -> tuple[dict[str, str], ...]:
        """Return the fewest labels that it selects, for each value that it names."""
        found: list[dict[str, str]] = [{}]
        for each in self.requirements:
            values = {"In": each.values, "Exists": (_UNKNOWN,)}.get(each.operator)
            if values is not None:
                found = [
                    {**labels, each.key: value}
                    for labels in found
                    for value in values
                    if each.key not in labels or labels[each.key] == value
                ]
        return tuple(labels for labels in found if self.selects(labels))


@dataclass(frozen=True)
class Peer:
    """The other end of a connection: pods, or addresses."""

    pods: Selector | None = None
    namespaces: Selector | None = None
    """Without it, pods are those of the policy's own namespace."""
    block: AddressSet | None = None
    """The addresses of an ipBlock."""


@dataclass(frozen=True)
class PortRule:
    """The ports of one entry of a rule."""

    protocol: str
    ports: PortSet
    """Empty for a port that is named."""
    name: str = ""


@dataclass(frozen=True)
class Rule:
    """Allows connections with any of its peers on any of its ports."""

    peers: tuple[Peer, ...] = ()
    """None of them stands for everything, whatever it is."""
    ports: tuple[PortRule, ...] = ()
    """None of them stands for every port."""


@dataclass(frozen=True)
class Policy:
    """A NetworkPolicy."""

    namespace: str
    name: str
    pods: Selector
    rules: Mapping[str, tuple[Rule, ...]]
    """By direction; a direction that is missing is none of the policy's business."""

    def restricts(self, namespace: str, labels: Mapping[str, str], direction: str) -> bool:
        """Return whether it decides about a direction of a pod there with these labels."""
        return direction in self.rules and namespace == self.namespace and self.pods.selects(labels)

    def __str__(self) -> str:
        """Name it as kubectl does."""
        return f"network policy {self.namespace}/{self.name}"


def parse_policies(found: Sequence[Object], others: Sequence[str] = ()) -> tuple[Policy, ...]:
    """Return policies of a cluster; `others` are the names of those of other kinds.

    Raises `NotUnderstood`, also if there are others.
    """
    if others:
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        message = f"The cluster also has policies of other kinds: {', '.join(others[:_SHOWN])}"
        raise NotUnderstood(
            f"{message}{more}. What they change about the network policies is not known."
        )
    return tuple(map(parse_policy, found))


def parse_policy(found: Object) -> Policy:
    """Return a policy as the API sends it, or as a manifest has it.

    Raises `NotUnderstood`.
    """
    metadata = found["metadata"]
    reader = _Reader(f"The network policy {metadata['namespace']}/{metadata['name']}")
    if found.get("apiVersion", "networking.k8s.io/v1") != "networking.k8s.io/v1":
        raise reader.not_understood(f"the version {found['apiVersion']}")
    spec = found.get("spec") or {}
    reader.require_known(spec, "podSelector", "policyTypes", "ingress", "egress")
    # The API server fills in the types where they are missing; a manifest may leave them out.
    kinds = spec.get("policyTypes") or [INGRESS, *([EGRESS] if spec.get("egress") else [])]
    if unknown := {*kinds} - {*_PEERS}:
        raise reader.not_understood(f"the policy type {min(unknown)}")
    rules = {
        kind: tuple(reader.rule(each, _PEERS[kind]) for each in spec.get(kind.lower()) or ())
        for kind in kinds
    }
    pods = reader.selector(spec.get("podSelector") or {})
    return Policy(metadata["namespace"], metadata["name"], pods, rules)


class _Reader:
    """Reads parts of one object, and names it where it does not understand one."""

    def __init__(self, name: str) -> None:
        self._name = name

    def not_understood(self, what: str) -> NotUnderstood:
        message = f"{self._name} has {what}, which this computation does not understand"
        return NotUnderstood(f"{message}. So what the policies allow is not known.")

    def require_known(self, found: Mapping[str, Any], *fields: str) -> None:
        if unknown := {*found} - {*fields}:
            raise self.not_understood(f"the field {min(unknown)}")

    def rule(self, found: Mapping[str, Any], peers: str) -> Rule:
        self.require_known(found, peers, "ports")
        return Rule(
            tuple(self.peer(each) for each in found.get(peers) or ()),
            tuple(self.port(each) for each in found.get("ports") or ()),
        )

    def peer(self, found: Mapping[str, Any]) -> Peer:
        self.require_known(found, "podSelector", "namespaceSelector", "ipBlock")
        selectors = [found.get(name) for name in ("podSelector", "namespaceSelector")]
        pods, namespaces = (None if each is None else self.selector(each) for each in selectors)
        block = found.get("ipBlock")
        if (block is None) == (pods is None and namespaces is None):
            raise self.not_understood("a peer that is not either pods or addresses")
        return Peer(pods, namespaces, None if block is None else self.block(block))

    def block(self, found: Mapping[str, Any]) -> AddressSet:
        self.require_known(found, "cidr", "except")
        try:
            return addresses(found["cidr"]) - addresses(*(found.get("except") or ()))
        except (KeyError, ValueError) as error:
            raise self.not_understood(f"the ipBlock {dict(found)}") from error

    def port(self, found: Mapping[str, Any]) -> PortRule:
        self.require_known(found, "protocol", "port", "endPort")
        protocol, port, end = (found.get(each) for each in ("protocol", "port", "endPort"))
        protocol = protocol or "TCP"
        if protocol not in PROTOCOLS:
            raise self.not_understood(f"the protocol {protocol}")
        if port is None and end is None:
            return PortRule(protocol, port_range(protocol))
        if isinstance(port, str) and end is None:
            return PortRule(protocol, PortSet(), port)
        last = port if end is None else end
        if not (isinstance(port, int) and isinstance(last, int) and 0 < port <= last <= LAST_PORT):
            raise self.not_understood(f"the ports {port} to {last}")
        return PortRule(protocol, port_range(protocol, port, last))

    def selector(self, found: Mapping[str, Any]) -> Selector:
        self.require_known(found, "matchLabels", "matchExpressions")
        labels = (found.get("matchLabels") or {}).items()
        equal = [Requirement(key, "In", (str(value),)) for key, value in sorted(labels)]
        return Selector((*equal, *self._expressions(found.get("matchExpressions") or ())))

    def _expressions(self, found: Iterable[Mapping[str, Any]]) -> Iterator[Requirement]:
        for each in found:
            self.require_known(each, "key", "operator", "values")
            if each.get("operator") not in _OPERATORS:
                raise self.not_understood(f"the operator {each.get('operator')}")
            yield Requirement(each["key"], each["operator"], tuple(each.get("values") or ()))
