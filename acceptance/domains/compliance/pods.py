"""Checks of running pods, of the pods that admission accepts, and of images."""

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
from acceptance.drivers.kubernetes import pod_admission, pod_security_standard
from acceptance.drivers.kubernetes.pod_security_checks import any_container, containers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acceptance.domains.compliance.check_result import CheckArguments
    from acceptance.domains.compliance.drivers.snapshot import ClusterSnapshot
    from acceptance.drivers.kubernetes.facts import Object


def _lacks_limits(container: Object, _: Object) -> bool:
    limits = (container.get("resources") or {}).get("limits") or {}
    return not {"cpu", "memory"} <= limits.keys()


def _has_secret_variables(container: Object, _: Object) -> bool:
    return any(
        (each.get("valueFrom") or {}).get("secretKeyRef") for each in container.get("env") or ()
    ) or any(each.get("secretRef") for each in container.get("envFrom") or ())


BROKEN_BY: Mapping[str, Callable[[Object], bool]] = {
    **{name: rule.broken_by for name, rule in pod_security_standard.RULES.items()},
    # Beyond the Pod Security Standard.
    "writable_root": any_container(lambda _, c: c.get("readOnlyRootFilesystem") is not True),
    "unlimited": any_container(_lacks_limits),
    "secret_in_environment": any_container(_has_secret_variables),
}
"""Whether a pod breaks a rule, by the rule's name in the catalogue."""


def running_pods(snapshot: ClusterSnapshot, arguments: CheckArguments) -> CheckResult:
    """No running pod breaks the rule but those that are allowed to."""
    broken = BROKEN_BY[arguments.text("rule")]
    found = snapshot.objects("Pod")
    if arguments.values.get("own"):
        found = tuple(p for p in found if p["metadata"]["namespace"] == snapshot.system.namespace)
    if not found:
        raise Unobservable("there is no such pod")
    faults = {namespaced(pod): "breaks it" for pod in found if broken(pod)}
    return result_with_exceptions(faults, arguments, f"{len(found)} pods keep the rule")


def admitted_pods(snapshot: ClusterSnapshot, arguments: CheckArguments) -> CheckResult:
    """No running pod breaks the rule, and the namespaces of workloads refuse a pod that does."""
    running = running_pods(snapshot, arguments)
    if running.status != "met":
        return running
    rule, refused = arguments.text("rule"), []
    if not _admits(snapshot, snapshot.unrestricted_namespace, rule):
        raise Unobservable("such a pod is refused even in an unrestricted namespace")
    faults = {}
    for namespace in workload_namespaces(snapshot):
        if _admits(snapshot, namespace, rule):
            faults[namespace] = "such a pod would be admitted"
        else:
            refused.append(namespace)
    found = result_with_exceptions(
        faults, arguments, f"{running.observed}; refused in {first_few(refused)}"
    )
    return CheckResult(found.status, found.observed, (*running.exceptions, *found.exceptions))


def workload_namespaces(snapshot: ClusterSnapshot) -> tuple[str, ...]:
    """Return the namespaces with pods, without Kubernetes' own."""
    found = {pod["metadata"]["namespace"] for pod in snapshot.objects("Pod")}
    return tuple(sorted(each for each in found if not each.startswith("kube-")))


def images_by_digest(snapshot: ClusterSnapshot, _: CheckArguments) -> CheckResult:
    """Every image of the system is one of the release, or named by its digest."""
    known = set(snapshot.system.images)
    found = {
        (namespaced(pod), container["image"])
        for pod in snapshot.objects("Pod")
        if pod["metadata"]["namespace"] == snapshot.system.namespace
        for container, _ in containers(pod)
    }
    if not found:
        raise Unobservable("the system has no pod")
    faults = [
        f"{name} runs {image}"
        for name, image in sorted(found)
        if image not in known and "@sha256:" not in image
    ]
    return result_of(faults, f"{len({i for _, i in found})} images of the release or with a digest")


def images_always_pulled(snapshot: ClusterSnapshot, _: CheckArguments) -> CheckResult:
    """Nodes always pull images before they run them, where there is a registry."""
    plugins = [
        s.get("enable-admission-plugins") or "" for s in snapshot.node.named("kube-apiserver")
    ]
    if all("AlwaysPullImages" in each.split(",") for each in plugins):
        return CheckResult("met", "AlwaysPullImages")
    found = {c["image"] for pod in snapshot.objects("Pod") for c, _ in containers(pod)}
    if found and all(each.startswith("localhost/") for each in found):
        reason = "no registry: all images are loaded into the node for this run"
        return CheckResult("not applicable", f"{reason} ({len(found)} images)")
    return CheckResult(
        "unmet",
        f"images come from a registry, and the admission plugins are: {plugins[0] or 'none'}",
    )


def _admits(snapshot: ClusterSnapshot, namespace: str, rule: str) -> bool:
    """Whether admission accepts a pod that breaks the rule; nothing is created."""
    field = pod_security_standard.RULES[rule].forbidden[0]
    request = pod_admission.request_with(field, snapshot.system.run)
    reply = pod_admission.send_request(snapshot.cluster, namespace, request)
    if reply.succeeded:
        return True
    said = reply.json()
    message = str(said.get("message", "")) if isinstance(said, dict) else str(reply)
    if "violates PodSecurity" in message:
        return False
    raise Unobservable(f"{namespace} refused such a pod for another reason: {message}")
