"""Evaluates what network policies allow a pod with certain labels. Pure.

By the API reference of Kubernetes 1.34, NetworkPolicy: a pod that no policy selects for a direction
may do anything in it; otherwise it may do what one of them allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Policy: TypeAlias = Mapping[str, Any]
INGRESS, EGRESS = "Ingress", "Egress"
_NAMESPACE_NAME = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class KnownSender:
    """What labels a pod needs, and where, so that a policy lets it connect."""

    namespace: str
    labels: tuple[tuple[str, str], ...]


def selects(policy: Policy, labels: Mapping[str, str], direction: str) -> bool:
    """Whether a policy is about a direction of a pod with these labels."""
    spec = policy["spec"]
    types = spec.get("policyTypes") or [INGRESS, *([EGRESS] if "egress" in spec else [])]
    return direction in types and _matches(spec.get("podSelector") or {}, labels)


def ways_left(policies: Sequence[Policy], labels: Mapping[str, str]) -> list[str]:
    """Say what is still allowed to a pod with these labels; nothing if it is isolated."""
    said = []
    for direction in (INGRESS, EGRESS):
        about = [each for each in policies if selects(each, labels, direction)]
        if not about:
            said.append(f"no policy denies its {direction.lower()}")
        said += [
            f"the policy {each['metadata']['name']} allows {direction.lower()}"
            for each in about
            if each["spec"].get(direction.lower())
        ]
    return said


def quarantine_fault(policy: Policy | None, labels: Mapping[str, str]) -> str | None:
    """Say why a policy does not isolate a pod with these labels; None if it does."""
    if policy is None:
        return "there is no such policy"
    for direction in (INGRESS, EGRESS):
        if not selects(policy, labels, direction):
            return f"it does not select the pod for {direction.lower()}"
        if policy["spec"].get(direction.lower()):
            return f"it allows {direction.lower()}"
    return None


def known_senders(
    policies: Sequence[Policy], labels: Mapping[str, str], namespace: str
) -> tuple[KnownSender, ...]:
    """Return the senders that policies let connect to a pod, as far as they are named by labels.

    Without a policy, a pod of the same `namespace` without labels.
    """
    about = [each for each in policies if selects(each, labels, INGRESS)]
    if not about:
        return (KnownSender(namespace, ()),)
    found = [
        KnownSender(where, tuple(sorted(pods.get("matchLabels", {}).items())))
        for policy in about
        for rule in policy["spec"].get("ingress") or ()
        for peer in rule.get("from") or ()
        for pods in (peer.get("podSelector") or {},)
        if (where := _namespace_of(peer, namespace)) and not pods.get("matchExpressions")
    ]
    return tuple(dict.fromkeys(found))


def _namespace_of(peer: Mapping[str, Any], own: str) -> str:
    """Return the namespace that a peer names; empty if it names none, or an address."""
    if "ipBlock" in peer:
        return ""
    selector = peer.get("namespaceSelector")
    if selector is None:
        return own
    return str((selector.get("matchLabels") or {}).get(_NAMESPACE_NAME, ""))


def _matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    wanted = selector.get("matchLabels") or {}
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _holds(each, labels) for each in selector.get("matchExpressions") or ()
    )


def _holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, operator = str(expression["key"]), str(expression["operator"])
    values = tuple(expression.get("values") or ())
    if operator == "In":
        return labels.get(key) in values
    if operator == "NotIn":
        return labels.get(key) not in values
    return (key in labels) == (operator == "Exists")
