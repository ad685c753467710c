"""NetworkPolicies of the suite's own, as the API server is asked for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.network.drivers.probe_pods import PROBE_LABEL

if TYPE_CHECKING:
    from collections.abc import Mapping


def allow_policy(
    name: str, namespace: str, run: str, *, selector: Mapping[str, Any], only_from: str = ""
) -> dict[str, Any]:
    """Return a policy that allows every connection of the pods that `selector` takes.

    With `only_from`, the name of a probe, it allows connections from that probe only, and none
    that the selected pods make themselves.
    """
    spec: dict[str, Any] = {
        "podSelector": dict(selector),
        "policyTypes": ["Ingress"] if only_from else ["Ingress", "Egress"],
        "ingress": [{}],
    }
    if only_from:
        peer = {"podSelector": {"matchLabels": {PROBE_LABEL: only_from}}, "namespaceSelector": {}}
        spec["ingress"] = [{"from": [peer]}]
    else:
        spec["egress"] = [{}]
    return network_policy(name, namespace, run, spec)


def network_policy(name: str, namespace: str, run: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a NetworkPolicy that belongs to the run `run`."""
    metadata = {"name": name, "namespace": namespace, "labels": {RUN_LABEL: run}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata,
        "spec": dict(spec),
    }
