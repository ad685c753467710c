"""Checks of namespaces and networks: who shares them, and what is denied in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.compliance.drivers.node_shell import Unseen
from acceptance.domains.compliance.drivers.snapshot import namespaced
from acceptance.domains.compliance.finding import Finding, judged, some, without
from acceptance.domains.compliance.pods import workload_namespaces

if TYPE_CHECKING:
    from collections.abc import Callable

    from acceptance.domains.compliance.drivers.snapshot import Look
    from acceptance.domains.compliance.finding import Arguments
    from acceptance.drivers.kubernetes.facts import Object

_ENGINES = ("cilium", "calico", "canal", "weave-net", "antrea", "kube-router")
_CILIUM = "identity-allocation-mode"
_DIRECTIONS = {"Ingress", "Egress"}


def policy_engine(look: Look, _: Arguments) -> Finding:
    """Something runs that enforces NetworkPolicies: a process of the node, or a pod."""
    pods = [namespaced(each) for each in look.objects("Pod")]
    found = [each for each in pods if any(name in each for name in _ENGINES)]
    if look.system.inside or look.system.journal:
        found += [
            f"the process {each.name}"
            for each in look.node.components
            # Cilium's agent is known by what only it is told, whatever its program is called.
            if each.name.startswith(_ENGINES) or each.get(_CILIUM) is not None
        ]
        found += [
            "k3s's own network policy controller"
            for each in look.node.components
            if each.name.startswith("k3s") and each.get("disable-network-policy") is None
        ]
    elif not found:
        raise Unseen("no pod is a known network policy engine, and nobody can look into the nodes")
    return judged([] if found else ["nothing that enforces NetworkPolicies runs"], some(found))


def default_deny(look: Look, arguments: Arguments) -> Finding:
    """Every namespace with pods denies what no other policy allows, both ways."""
    policies = look.objects("NetworkPolicy")
    namespaces = {pod["metadata"]["namespace"] for pod in look.objects("Pod")}
    if arguments.values.get("workloads"):
        namespaces = set(workload_namespaces(look))
    if not namespaces:
        raise Unseen("there is no pod")
    names = {}
    for each in sorted(namespaces):
        own = [p for p in policies if p["metadata"]["namespace"] == each]
        missing = _DIRECTIONS - set().union(*(_denied(policy) for policy in own))
        if missing:
            names[each] = f"does not deny {' and '.join(sorted(missing)).lower()} by default"
    return without(names, arguments, f"{len(policies)} policies in {len(namespaces)} namespaces")


def isolated(look: Look, arguments: Arguments) -> Finding:
    """Policies choose every pod, in both directions: whatever none of them allows is denied."""
    policies = look.objects("NetworkPolicy")
    pods = [pod for pod in look.objects("Pod") if not pod["spec"].get("hostNetwork")]
    if not pods:
        raise Unseen("there is no pod with a network of its own")
    names = {}
    for pod in pods:
        own = (p["spec"] for p in policies if _namespace(p) == _namespace(pod))
        missing = _DIRECTIONS.difference(*(_types(spec) for spec in own if _chooses(spec, pod)))
        if missing:
            names[namespaced(pod)] = f"no policy for its {' and '.join(sorted(missing)).lower()}"
    return without(names, arguments, f"{len(policies)} policies choose all of {len(pods)} pods")


def https_only(look: Look, arguments: Arguments) -> Finding:
    """Every way in from outside is encrypted."""
    found = look.objects("Ingress")
    own = [each for each in found if each["metadata"]["namespace"] == look.system.namespace]
    if not own:
        raise Unseen("the system has no Ingress")
    names = {namespaced(each): "has no certificate" for each in own if not each["spec"].get("tls")}
    return without(names, arguments, some(map(namespaced, own)))


def bounded(look: Look, arguments: Arguments) -> Finding:
    """Every namespace of the system bounds what its pods take, one by one and together."""
    namespace = look.system.namespace
    missing = [
        f"{namespace} has no {kind}"
        for kind in ("LimitRange", "ResourceQuota")
        if not any(o["metadata"]["namespace"] == namespace for o in look.objects(kind))
    ]
    return without(dict.fromkeys(missing, "add one"), arguments, f"{namespace} has both")


def own_namespace(look: Look, _: Arguments) -> Finding:
    """The system has a namespace of its own, which none of the cluster's own components share."""
    namespace = look.system.namespace
    faults = [f"the system runs in {namespace}"] if _shared(namespace) else []
    accounts = {
        pod["spec"].get("serviceAccountName")
        for pod in look.objects("Pod")
        if pod["metadata"]["namespace"] == namespace
    }
    if not accounts:
        raise Unseen(f"{namespace} has no pod")
    return judged(faults, f"{namespace}, for the accounts {some(sorted(map(str, accounts)))}")


def empty_default(look: Look, arguments: Arguments) -> Finding:
    """Nothing lives in the namespace that one gets without asking."""
    names = {
        f"{kind} {namespaced(each)}": "is in it"
        for kind in ("Pod", "Service", "Secret", "Ingress", "Role", "RoleBinding")
        for each in look.objects(kind)
        if each["metadata"]["namespace"] == "default"
    }
    return without(names, arguments, "it is empty")


def _denied(policy: Object) -> set[str]:
    """Return the directions that a policy denies to all pods of its namespace."""
    spec = policy["spec"]
    chosen = spec.get("podSelector") or {}
    if chosen.get("matchLabels") or chosen.get("matchExpressions"):
        return set()
    return {each for each in _types(spec) if not spec.get(each.lower())}


def _types(spec: Object) -> set[str]:
    """Return the directions of a policy, which the API fills in where nobody wrote them."""
    return set(spec.get("policyTypes") or ("Ingress",))


def _chooses(spec: Object, pod: Object) -> bool:
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


def _shared(namespace: str) -> bool:
    return namespace == "default" or namespace.startswith("kube-")
