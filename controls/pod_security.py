"""Sabotages of what the domain pod_security judges: security contexts and admission."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_STANDARD = "pod-security.kubernetes.io/enforce"


@control(
    "TASK-002-AC-4",
    "Every process of the system runs unprivileged",
    expects=r"backend: python \(1\) runs as root",
)
def a_root_process(saboteur: Saboteur) -> None:
    """Run the backend as root, in a namespace that enforces no standard any more."""
    _enforce(saboteur)
    saboteur.change_pods("backend", {"securityContext": {"runAsNonRoot": False, "runAsUser": 0}})


@control(
    "TASK-002-AC-4",
    "Every process of the system runs unprivileged",
    expects=r"backend: python \(1\) has capabilities: .*CapBnd 0x400",
)
def an_added_capability(saboteur: Saboteur) -> None:
    """Give the backend a capability that even the standard restricted allows."""
    _set_security_context(
        saboteur, {"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}}
    )


@control(
    "TASK-002-AC-4",
    "Every process of the system runs unprivileged",
    expects=r"has no seccomp filter \(mode 0\)",
)
def no_seccomp_filter(saboteur: Saboteur) -> None:
    """Run the backend without a seccomp profile."""
    _enforce(saboteur)
    saboteur.change_pods("backend", {"securityContext": {"seccompProfile": {"type": "Unconfined"}}})


@control(
    "TASK-002-AC-4",
    "Every process of the system runs unprivileged",
    expects=r"the root file system of backend-\S+ is writable: /",
)
def a_writable_root_file_system(saboteur: Saboteur) -> None:
    """Let the backend write to its root file system, which even the standard restricted allows."""
    _set_security_context(saboteur, {"readOnlyRootFilesystem": False})


@control(
    "TASK-002-AC-4",
    "Every process of the system runs unprivileged",
    expects="frontend is in (the|one) IPC namespace (of its node|with )",
)
def a_shared_ipc_namespace(saboteur: Saboteur) -> None:
    """Put the frontend into the IPC namespace of its node."""
    _enforce(saboteur)
    saboteur.change_pods("frontend", {"hostIPC": True})


@control(
    "TASK-002-AC-4",
    "Every process of the system runs unprivileged",
    expects=r"has \d+ variables with addresses of Services: [A-Z]",
)
def service_links(saboteur: Saboteur) -> None:
    """Give the backend variables with the address of every Service, the default of Kubernetes."""
    saboteur.change_pods("backend", {"enableServiceLinks": True})


@control(
    "TASK-002-AC-4",
    "Every container runs the image that was delivered",
    expects=r"frontend requests \S+, a tag that can move to another image",
)
def an_image_by_tag(saboteur: Saboteur) -> None:
    """Deploy a frontend whose image is named by its tag alone."""
    image = saboteur.pods("frontend")[0].containers[0].image.partition("@")[0]
    saboteur.change_pods("frontend", {"containers": [{"name": "frontend", "image": image}]})


@control(
    "TASK-002-AC-4",
    "Admission refuses every pod that the restricted standard forbids",
    expects="the system accepts a pod with ",
)
def no_enforced_standard(saboteur: Saboteur) -> None:
    """Let the namespace admit any pod. Without a label, the cluster's own default would apply."""
    _enforce(saboteur)


@control(
    "TASK-002-AC-4",
    "Admission refuses every pod that the restricted standard forbids",
    expects="(?s)was not refused by the standard restricted: .*PodSecurity .*baseline",
)
def the_baseline_standard(saboteur: Saboteur) -> None:
    """Enforce the standard baseline instead of restricted."""
    _enforce(saboteur, "baseline")


def _enforce(saboteur: Saboteur, standard: str = "privileged") -> None:
    """Replace the standard that the system's namespace enforces."""
    change = {"metadata": {"labels": {_STANDARD: standard}}}
    saboteur.patch(f"namespace/{saboteur.system.namespace}", change)


def _set_security_context(saboteur: Saboteur, context: dict[str, Any]) -> None:
    saboteur.change_pods(
        "backend", {"containers": [{"name": "backend", "securityContext": context}]}
    )
