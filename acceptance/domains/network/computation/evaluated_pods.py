"""Lists the pods between which policies are evaluated: all that are there, and all that could be.

A peer of a policy lets in whoever it selects, also where nobody is yet. So beside the pods of the
cluster there is one without labels in every namespace, one with the fewest labels that each peer
selects, and both in namespaces that do not exist: a new one, and those that a peer selects.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from acceptance.domains.network.drivers import declared_ports, pod_addresses
from acceptance.domains.network.plan.probe_placement import ELSEWHERE, UNLABELLED, labels_of_team
from acceptance.drivers.kubernetes.network_policies.address_set import addresses
from acceptance.drivers.kubernetes.network_policies.evaluation import Pod, treatment

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from acceptance.domains.network.drivers import PolicyObjects
    from acceptance.domains.network.plan.known_places import KnownPlaces
    from acceptance.drivers.kubernetes.network_policies.policy import Peer, Policy

NEW_NAMESPACE = "acceptance-new-namespace"
"""The name of a namespace that does not exist yet."""
_NAME = "kubernetes.io/metadata.name"


def evaluated_pods(
    objects: PolicyObjects, policies: Sequence[Policy], places: KnownPlaces
) -> tuple[Pod, ...]:
    """Return the pods that are there, and then those that could be."""
    namespaces = {
        each["metadata"]["name"]: each["metadata"].get("labels") or {}
        for each in objects.namespaces
    }
    real = tuple(_real_pods(objects, namespaces, places))
    peers = [
        peer
        for policy in policies
        for rules in policy.rules.values()
        for rule in rules
        for peer in rule.peers
    ]
    invented: dict[object, Pod] = {}
    for each in _invented_pods(namespaces, peers, places):
        # Of those that no policy tells apart the one with the fewest labels is enough.
        invented.setdefault((each.namespace, treatment(policies, each)), each)
    return (*real, *invented.values())


def pods_on_node_networks(
    objects: PolicyObjects, places: KnownPlaces, judged: Container[str]
) -> tuple[str, ...]:
    """Return the pods on the network of their node that would be in one of the `judged` places."""
    return tuple(
        sorted(
            f"{metadata['namespace']}/{metadata['name']}"
            for each in (*objects.pods, *objects.templates)
            if each["spec"].get("hostNetwork")
            for metadata in (each["metadata"],)
            if places.names(metadata["namespace"], metadata.get("labels") or {})[0] in judged
        )
    )


def _real_pods(
    objects: PolicyObjects, namespaces: Mapping[str, Mapping[str, str]], places: KnownPlaces
) -> Iterator[Pod]:
    """Yield one pod of those that are alike, and one of each template that has none.

    No policy restricts a pod on its node's network: it is the node.
    """
    found: dict[object, Pod] = {}
    covered = set()
    for each in (*objects.pods, *objects.templates):
        metadata, spec = each["metadata"], each["spec"]
        namespace, labels = metadata["namespace"], metadata.get("labels") or {}
        if spec.get("hostNetwork") or namespace not in namespaces:
            continue
        ports, own = declared_ports(spec), addresses(*pod_addresses(each))
        key = namespace, frozenset(labels.items()), ports
        template = namespace, frozenset(labels_of_team(labels).items()), ports
        if key in found:
            found[key] = replace(found[key], own=found[key].own | own)
        elif own or template not in covered:
            names = places.names(namespace, labels)
            known = names[0] in places.placements and not names[0].endswith(UNLABELLED)
            title = f"{names[0]} pods" if known else f"pods like {namespace}/{metadata['name']}"
            found[key] = Pod(title, namespace, namespaces[namespace], labels, ports, own, names)
        covered.add(template)
    yield from found.values()


def _invented_pods(
    namespaces: Mapping[str, Mapping[str, str]], peers: Iterable[Peer], places: KnownPlaces
) -> Iterator[Pod]:
    """Yield the pods that could be, first those of the new namespace."""
    wanted: list[dict[str, str]] = [{}]
    selected: list[dict[str, str]] = []
    for peer in peers:
        wanted += peer.pods.examples() if peer.pods else ()
        selected += peer.namespaces.examples() if peer.namespaces else ()
    every: dict[str, Mapping[str, str]] = {NEW_NAMESPACE: {_NAME: NEW_NAMESPACE}}
    for number, labels in enumerate(_unique(selected), start=1):
        name = labels.get(_NAME, f"{NEW_NAMESPACE}-{number}")
        every.setdefault(name, {_NAME: name, **labels})
    for name, labels in {**every, **namespaces}.items():
        for own in _unique(wanted):
            names = places.names(name, own)
            if ELSEWHERE not in names and not names[0].endswith(UNLABELLED):
                if names[0] in places.placements or name not in namespaces:
                    continue  # it is there, or comes with policies of its own
            elif name not in namespaces:
                names = (ELSEWHERE,)  # nothing of the plan is there yet
            yield Pod(
                _title(name, labels, own, exists=name in namespaces),
                name,
                labels,
                own,
                None,
                places=names,
                invented=True,
            )


def is_elsewhere(pod: Pod) -> bool:
    """Return whether a pod stands for one in a namespace that nobody knows yet."""
    return pod.namespace == NEW_NAMESPACE and not pod.labels


def _title(
    namespace: str, namespace_labels: Mapping[str, str], labels: Mapping[str, str], *, exists: bool
) -> str:
    kind = f"pods with {_words(labels)}" if labels else "unlabelled pods"
    if exists:
        return f"{kind} in {namespace}"
    if namespace == NEW_NAMESPACE:
        return f"{kind} in a namespace that does not exist yet"
    if namespace.startswith(NEW_NAMESPACE):
        chosen = {key: value for key, value in namespace_labels.items() if key != _NAME}
        return f"{kind} in a namespace with {_words(chosen)}, which does not exist yet"
    return f"{kind} in {namespace}, which does not exist yet"


def _words(labels: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(labels.items()))


def _unique(found: Iterable[Mapping[str, str]]) -> list[Mapping[str, str]]:
    kept: list[Mapping[str, str]] = []
    for each in found:
        if each not in kept:
            kept.append(each)
    return kept
