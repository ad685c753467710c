"""Sabotages of what the domain pod_security judges: security contexts and admission."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_STANDARD = "pod-security.kubernetes.io/enforce"


@control(
    "TASK-002-AC-4",
    "Every process of the system is confined",
    expects=r"backend: python \(1\) runs as root",
)
def root(saboteur: Saboteur) -> None:
    """Run the backend as root, which no standard forbids any more."""
    _forbid_nothing(saboteur)
    saboteur.change_pods("backend", {"securityContext": {"runAsNonRoot": False, "runAsUser": 0}})


@control(
    "TASK-002-AC-4",
    "Every process of the system is confined",
    expects=r"backend: python \(1\) has capabilities: .*CapBnd 0x400",
)
def a_capability(saboteur: Saboteur) -> None:
    """Give the backend a capability that even the strictest standard admits."""
    _confine(saboteur, {"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}})


@control(
    "TASK-002-AC-4",
    "Every process of the system is confined",
    expects=r"has no filter of system calls \(seccomp 0\)",
)
def no_filter(saboteur: Saboteur) -> None:
    """Let the backend call whatever the kernel offers."""
    _forbid_nothing(saboteur)
    saboteur.change_pods("backend", {"securityContext": {"seccompProfile": {"type": "Unconfined"}}})


@control(
    "TASK-002-AC-4",
    "Every process of the system is confined",
    expects=r"the root of backend-\S+ can be written to: /",
)
def a_writable_root(saboteur: Saboteur) -> None:
    """Let the backend write to its image's files, which the strictest standard admits."""
    _confine(saboteur, {"readOnlyRootFilesystem": False})


@control(
    "TASK-002-AC-4",
    "Every process of the system is confined",
    expects="frontend (has the|shares) memory and semaphores",
)
def the_memory_of_the_node(saboteur: Saboteur) -> None:
    """Let the frontend share memory and semaphores with its node."""
    _forbid_nothing(saboteur)
    saboteur.change_pods("frontend", {"hostIPC": True})


@control(
    "TASK-002-AC-4",
    "Every process of the system is confined",
    expects=r"is told of other Services by \d+ variables: [A-Z]",
)
def service_links(saboteur: Saboteur) -> None:
    """Tell the backend by variables where every Service is, as Kubernetes does by itself."""
    saboteur.change_pods("backend", {"enableServiceLinks": True})


@control(
    "TASK-002-AC-4",
    "Every container runs the very image that was delivered",
    expects=r"frontend asks for \S+, which may be another image tomorrow",
)
def an_image_by_its_tag(saboteur: Saboteur) -> None:
    """Deploy a frontend whose image is whatever has that tag."""
    image = saboteur.pods("frontend")[0].containers[0].image.partition("@")[0]
    saboteur.change_pods("frontend", {"containers": [{"name": "frontend", "image": image}]})


@control(
    "TASK-002-AC-4",
    "The cluster refuses every pod that the strictest standard forbids",
    expects="the system takes a pod with ",
)
def no_standard(saboteur: Saboteur) -> None:
    """Let the namespace take any pod. Without a label it had the cluster's own standard."""
    _forbid_nothing(saboteur)


@control(
    "TASK-002-AC-4",
    "The cluster refuses every pod that the strictest standard forbids",
    expects="(?s)was not refused by the standard restricted: .*PodSecurity .*baseline",
)
def a_lax_standard(saboteur: Saboteur) -> None:
    """Enforce no more than the baseline."""
    _forbid_nothing(saboteur, "baseline")


def _forbid_nothing(saboteur: Saboteur, standard: str = "privileged") -> None:
    """Replace the standard of the system's namespace."""
    change = {"metadata": {"labels": {_STANDARD: standard}}}
    saboteur.patch(f"namespace/{saboteur.system.namespace}", change)


def _confine(saboteur: Saboteur, context: dict[str, Any]) -> None:
    saboteur.change_pods(
        "backend", {"containers": [{"name": "backend", "securityContext": context}]}
    )
