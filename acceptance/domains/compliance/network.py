"""Checks of network policies, ingresses and namespaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.compliance.check_result import (
    CheckResult,
    first_few,
    result_of,
    result_with_exceptions,
)
from acceptance.domains.compliance.drivers.node_shell import Unobservable
from acceptance.domains.compliance.drivers.snapshot import namespaced
from acceptance.domains.compliance.pods import workload_namespaces

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.domains.compliance.check_result import CheckArguments
    from acceptance.domains.compliance.drivers.snapshot import ClusterSnapshot
    from acceptance.drivers.kubernetes.facts import Object

_ENGINES = ("cilium", "calico", "canal", "weave-net", "antrea", "kube-router")
_CILIUM = "identity-allocation-mode"
_DIRECTIONS = {"Ingress", "Egress"}


def policy_engine(snapshot: ClusterSnapshot, _: CheckArguments) -> CheckResult:
    """A process of the node or a pod enforces NetworkPolicies."""
    pods = [namespaced(each) for each in snapshot.objects("Pod")]
    found = [each for each in pods if any(name in each for name in _ENGINES)]
    if snapshot.system.inside or snapshot.system.journal:
        found += [
            f"the process {each.name}"
            for each in snapshot.node.components
            # Cilium's agent is recognised by a flag of its own, whatever its program is called.
            if each.name.startswith(_ENGINES) or each.get(_CILIUM) is not None
        ]
        found += [
            "k3s's own network policy controller"
            for each in snapshot.node.components
            if each.name.startswith("k3s") and each.get("disable-network-policy") is None
        ]
    elif not found:
        raise Unobservable("no pod is a known policy engine, and the nodes cannot be inspected")
    return result_of(
        [] if found else ["nothing that enforces NetworkPolicies is running"], first_few(found)
    )


def default_deny(snapshot: ClusterSnapshot, arguments: CheckArguments) -> CheckResult:
    """Every namespace with pods denies ingress and egress that no other policy allows."""
    policies = snapshot.objects("NetworkPolicy")
    namespaces = {pod["metadata"]["namespace"] for pod in snapshot.objects("Pod")}
    if arguments.values.get("workloads"):
        namespaces = set(workload_namespaces(snapshot))
    if not namespaces:
        raise Unobservable("the cluster has no pod")
    faults = {}
    for each in sorted(namespaces):
        own = [p for p in policies if p["metadata"]["namespace"] == each]
        missing = _DIRECTIONS - set().union(*(_denied(policy) for policy in own))
        if missing:
            faults[each] = f"does not deny {' and '.join(sorted(missing)).lower()} by default"
    return result_with_exceptions(
        faults, arguments, f"{len(policies)} policies in {len(namespaces)} namespaces"
    )


def pods_selected_by_policies(snapshot: ClusterSnapshot, arguments: CheckArguments) -> CheckResult:
    """Policies select every pod for ingress and egress, so what none of them allows is denied."""
    policies = snapshot.objects("NetworkPolicy")
    pods = [pod for pod in snapshot.objects("Pod") if not pod["spec"].get("hostNetwork")]
    if not pods:
        raise Unobservable("the cluster has no pod with a network of its own")
    faults = {}
    for pod in pods:
        own = (p["spec"] for p in policies if _namespace(p) == _namespace(pod))
        missing = _DIRECTIONS.difference(*(_types(spec) for spec in own if _selects(spec, pod)))
        if missing:
            faults[namespaced(pod)] = (
                f"no policy selects it for {' and '.join(sorted(missing)).lower()}"
            )
    return result_with_exceptions(
        faults, arguments, f"{len(policies)} policies select all of {len(pods)} pods"
    )


def ingress_uses_tls(snapshot: ClusterSnapshot, arguments: CheckArguments) -> CheckResult:
    """Every Ingress of the system uses TLS."""
    found = snapshot.objects("Ingress")
    own = [each for each in found if each["metadata"]["namespace"] == snapshot.system.namespace]
    if not own:
        raise Unobservable("the system has no Ingress")
    faults = {namespaced(each): "has no certificate" for each in own if not each["spec"].get("tls")}
    return result_with_exceptions(faults, arguments, first_few(map(namespaced, own)))


def limits_and_quota(snapshot: ClusterSnapshot, arguments: CheckArguments) -> CheckResult:
    """The system's namespace has a LimitRange and a ResourceQuota."""
    namespace = snapshot.system.namespace
    missing = [
        f"{namespace} has no {kind}"
        for kind in ("LimitRange", "ResourceQuota")
        if not any(o["metadata"]["namespace"] == namespace for o in snapshot.objects(kind))
    ]
    return result_with_exceptions(
        dict.fromkeys(missing, "add one"), arguments, f"{namespace} has both"
    )


def own_namespace(snapshot: ClusterSnapshot, _: CheckArguments) -> CheckResult:
    """The system has its own namespace, not one of the cluster's components."""
    namespace = snapshot.system.namespace
    faults = [f"the system runs in {namespace}"] if _belongs_to_kubernetes(namespace) else []
    accounts = {
        pod["spec"].get("serviceAccountName")
        for pod in snapshot.objects("Pod")
        if pod["metadata"]["namespace"] == namespace
    }
    if not accounts:
        raise Unobservable(f"{namespace} has no pod")
    return result_of(
        faults, f"{namespace}, for the accounts {first_few(sorted(map(str, accounts)))}"
    )


def empty_default_namespace(snapshot: ClusterSnapshot, arguments: CheckArguments) -> CheckResult:
    """The namespace `default` is empty."""
    faults = {
        f"{kind} {namespaced(each)}": "is in it"
        for kind in ("Pod", "Service", "Secret", "Ingress", "Role", "RoleBinding")
        for each in snapshot.objects(kind)
        if each["metadata"]["namespace"] == "default"
    }
    return result_with_exceptions(faults, arguments, "it is empty")


def _denied(policy: Object) -> set[str]:
    """Return the directions that a policy denies to all pods of its namespace."""
    spec = policy["spec"]
    selector = spec.get("podSelector") or {}
    if selector.get("matchLabels") or selector.get("matchExpressions"):
        return set()
    return {each for each in _types(spec) if not spec.get(each.lower())}


def _types(spec: Object) -> set[str]:
    """Return the directions of a policy; the API fills them in where they are missing."""
    return set(spec.get("policyTypes") or ("Ingress",))


def _selects(spec: Object, pod: Object) -> bool:
    labels = pod["metadata"].get("labels") or {}
    wanted = spec.get("podSelector") or {}
    holds: dict[str, Callable[[str, list[str]], bool]] = {
        "In": lambda key, values: labels.get(key) in values,
        "NotIn": lambda key, values: labels.get(key) not in values,
        "Exists": lambda key, _: key in labels,
        "DoesNotExist": lambda key, _: key not in labels,
    }
    return all(labels.get(k) == v for k, v in (wanted.get("matchLabels") or {}).items()) and all(
        holds[each["operator"]](each["key"], each.get("values") or [])
        for each in wanted.get("matchExpressions") or ()
    )


def _namespace(found: Object) -> str:
    return str(found["metadata"]["namespace"])


def _belongs_to_kubernetes(namespace: str) -> bool:
    return namespace == "default" or namespace.startswith("kube-")
