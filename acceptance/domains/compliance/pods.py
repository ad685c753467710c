"""Checks of what pods may do: of those that run, and of those that admission would let in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.compliance.drivers.node_shell import Unseen
from acceptance.domains.compliance.drivers.snapshot import namespaced
from acceptance.domains.compliance.finding import Finding, judged, some, without
from acceptance.domains.pod_security.standard import RULES, containers, sample
from acceptance.drivers.kubernetes.client import DRY_RUN
from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from acceptance.domains.compliance.drivers.snapshot import Look
    from acceptance.domains.compliance.finding import Arguments


def pods(look: Look, arguments: Arguments) -> Finding:
    """No pod that runs breaks the rule, except those that the table names."""
    broken = RULES[arguments.text("rule")]
    found = look.objects("Pod")
    if arguments.values.get("own"):
        found = tuple(p for p in found if p["metadata"]["namespace"] == look.system.namespace)
    if not found:
        raise Unseen("there is no pod")
    names = {namespaced(pod): "breaks it" for pod in found if broken(pod)}
    return without(names, arguments, f"{len(found)} pods hold to it")


def admission(look: Look, arguments: Arguments) -> Finding:
    """No pod that runs breaks the rule, and namespaces for workloads let none in that does."""
    running = pods(look, arguments)
    if running.status != "met":
        return running
    rule, refused = arguments.text("rule"), []
    if not _accepts(look, look.open_namespace, rule):
        raise Unseen("such a pod is refused even where everything is allowed")
    names = {}
    for namespace in workload_namespaces(look):
        if _accepts(look, namespace, rule):
            names[namespace] = "such a pod would be let in"
        else:
            refused.append(namespace)
    found = without(names, arguments, f"{running.observed}; refused in {some(refused)}")
    return Finding(found.status, found.observed, (*running.exceptions, *found.exceptions))


def workload_namespaces(look: Look) -> tuple[str, ...]:
    """Return the namespaces with pods that are not Kubernetes' own."""
    found = {pod["metadata"]["namespace"] for pod in look.objects("Pod")}
    return tuple(sorted(each for each in found if not each.startswith("kube-")))


def images(look: Look, _: Arguments) -> Finding:
    """Every image that the system runs is one that was built and delivered for it, or pinned."""
    known = set(look.system.images)
    found = {
        (namespaced(pod), container["image"])
        for pod in look.objects("Pod")
        if pod["metadata"]["namespace"] == look.system.namespace
        for container, _ in containers(pod)
    }
    if not found:
        raise Unseen("the system has no pod")
    faults = [
        f"{name} runs {image}"
        for name, image in sorted(found)
        if image not in known and "@sha256:" not in image
    ]
    return judged(faults, f"{len({i for _, i in found})} images, each named by its content")


def pulled_always(look: Look, _: Arguments) -> Finding:
    """A node asks the registry before it runs an image for somebody, where there is a registry."""
    plugins = [s.get("enable-admission-plugins") or "" for s in look.node.named("kube-apiserver")]
    if all("AlwaysPullImages" in each.split(",") for each in plugins):
        return Finding("met", "AlwaysPullImages")
    found = {c["image"] for pod in look.objects("Pod") for c, _ in containers(pod)}
    if found and all(each.startswith("localhost/") for each in found):
        reason = "there is no registry to ask: all images are delivered to the node for this run"
        return Finding("not applicable", f"{reason} ({len(found)} images)")
    return Finding("unmet", f"images come from a registry and {plugins[0] or 'no plugin'} is set")


def _accepts(look: Look, namespace: str, rule: str) -> bool:
    """Whether admission would let the sample of a rule in; nothing is created."""
    reply = look.cluster.send("POST", api_path("pods", namespace), sample(rule), query=DRY_RUN)
    if reply.succeeded:
        return True
    said = reply.json()
    message = str(said.get("message", "")) if isinstance(said, dict) else str(reply)
    if "violates PodSecurity" in message:
        return False
    raise Unseen(f"a sample was refused for another reason in {namespace}: {message}")
