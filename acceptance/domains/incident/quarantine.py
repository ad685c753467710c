"""What the text of the network policies allows a pod that is to be isolated. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.drivers.kubernetes.network_policies.policy import EGRESS, INGRESS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.drivers.kubernetes.network_policies.policy import Peer, Policy

_NAMESPACE_NAME = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class KnownSender:
    """What labels a pod needs, and where, so that a policy lets it connect."""

    namespace: str
    labels: tuple[tuple[str, str], ...]


def ways_left(policies: Sequence[Policy], namespace: str, labels: Mapping[str, str]) -> list[str]:
    """Say what is still allowed to a pod with these labels; nothing if it is isolated."""
    said = []
    for direction in (INGRESS, EGRESS):
        about = [each for each in policies if each.restricts(namespace, labels, direction)]
        if not about:
            said.append(f"no policy denies its {direction.lower()}")
        said += [
            f"the policy {each.name} allows {direction.lower()}"
            for each in about
            if each.rules[direction]
        ]
    return said


def quarantine_fault(
    policy: Policy | None, namespace: str, labels: Mapping[str, str]
) -> str | None:
    """Say why a policy does not isolate a pod with these labels; None if it does."""
    if policy is None:
        return "there is no such policy"
    for direction in (INGRESS, EGRESS):
        if not policy.restricts(namespace, labels, direction):
            return f"it does not select the pod for {direction.lower()}"
        if policy.rules[direction]:
            return f"it allows {direction.lower()}"
    return None


def known_senders(
    policies: Sequence[Policy], namespace: str, labels: Mapping[str, str]
) -> tuple[KnownSender, ...]:
    """Return the senders that policies let connect to a pod, as far as they are named by labels.

    Without a policy, a pod of the same `namespace` without labels.
    """
    about = [each for each in policies if each.restricts(namespace, labels, INGRESS)]
    if not about:
        return (KnownSender(namespace, ()),)
    found = [
        KnownSender(where, tuple(sorted(own.items())))
        for policy in about
        for rule in policy.rules[INGRESS]
        for peer in rule.peers
        if (where := _namespace_of(peer, namespace))
        for own in (peer.pods.examples() if peer.pods else ({},))
    ]
    return tuple(dict.fromkeys(found))


def _namespace_of(peer: Peer, own: str) -> str:
    """Return the namespace that a peer names; empty if it names none, or an address."""
    if peer.block is not None:
        return ""
    if peer.namespaces is None:
        return own
    return next((each.get(_NAMESPACE_NAME, "") for each in peer.namespaces.examples()), "")
