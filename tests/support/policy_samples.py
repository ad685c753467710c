"""Short ways to write policies and pods, for tests."""

from __future__ import annotations

from typing import Any

from acceptance.drivers.kubernetes.network_policies.address_set import addresses
from acceptance.drivers.kubernetes.network_policies.evaluation import Pod
from acceptance.drivers.kubernetes.network_policies.policy import Policy, parse_policy
from acceptance.drivers.kubernetes.network_policies.port import Port

NAMESPACE_NAME = "kubernetes.io/metadata.name"


def policy_object(name: str = "p", namespace: str = "shop", **spec: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a policy as the API sends it."""
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "networking.k8s.io/v1", "metadata": metadata, "spec": spec}


def policy(name: str = "p", namespace: str = "shop", **spec: Any) -> Policy:  # noqa: ANN401
    """Return a policy with this specification; it selects every pod unless that says otherwise."""
    return parse_policy(policy_object(name, namespace, **spec))


def labelled(**labels: str) -> dict[str, Any]:
    """Return a selector of these labels."""
    return {"matchLabels": labels}


def pod(name: str, namespace: str = "shop", *, address: str = "10.1.0.1", **labels: str) -> Pod:
    """Return a pod with one port, called web."""
    return Pod(
        f"{name} pods",
        namespace,
        {NAMESPACE_NAME: namespace},
        labels or {"app": name},
        (("web", Port("tcp", 8000)),),
        addresses(address),
        (name,),
    )
