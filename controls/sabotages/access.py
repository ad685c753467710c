"""What goes wrong with rights and with what containers are confined to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_STANDARD = "pod-security.kubernetes.io/enforce"
_RBAC = "rbac.authorization.k8s.io"


def a_verb_more(saboteur: Saboteur) -> None:
    """Let operators enter containers, since it was needed once at night."""
    rule = {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}
    saboteur.patch("role/operator", [{"op": "add", "path": "/rules/-", "value": rule}], kind="json")


def a_verb_less(saboteur: Saboteur) -> None:
    """Take the right to restart away from operators."""
    saboteur.patch("role/operator", [{"op": "remove", "path": "/rules/6"}], kind="json")


def an_almighty_service_account(saboteur: Saboteur) -> None:
    """Make the backend's service account an administrator of the cluster."""
    subject = {
        "kind": "ServiceAccount",
        "name": "backend",
        "namespace": saboteur.system.namespace,
    }
    saboteur.create(
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "almighty"},
            "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [subject],
        }
    )


def a_right_for_a_stranger(saboteur: Saboteur) -> None:
    """Let somebody read everything who is in none of the groups."""
    saboteur.create(
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "stranger"},
            "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "view"},
            "subjects": [{"apiGroup": _RBAC, "kind": "User", "name": "mallory"}],
        }
    )


def a_mounted_token(saboteur: Saboteur) -> None:
    """Mount the service account's token into the backend."""
    _change(saboteur, "backend", {"automountServiceAccountToken": True})


def root(saboteur: Saboteur) -> None:
    """Run the backend as root, which no standard forbids any more."""
    _forbid_nothing(saboteur)
    _change(saboteur, "backend", {"securityContext": {"runAsNonRoot": False, "runAsUser": 0}})


def a_capability(saboteur: Saboteur) -> None:
    """Give the backend a capability that even the strictest standard admits."""
    _confine(saboteur, {"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}})


def no_filter(saboteur: Saboteur) -> None:
    """Let the backend call whatever the kernel offers."""
    _forbid_nothing(saboteur)
    _change(saboteur, "backend", {"securityContext": {"seccompProfile": {"type": "Unconfined"}}})


def a_writable_root(saboteur: Saboteur) -> None:
    """Let the backend write to its image's files, which the strictest standard admits."""
    _confine(saboteur, {"readOnlyRootFilesystem": False})


def the_memory_of_the_node(saboteur: Saboteur) -> None:
    """Let the frontend share memory and semaphores with its node."""
    _forbid_nothing(saboteur)
    _change(saboteur, "frontend", {"hostIPC": True})


def service_links(saboteur: Saboteur) -> None:
    """Tell the backend by variables where every Service is, as Kubernetes does by itself."""
    _change(saboteur, "backend", {"enableServiceLinks": True})


def an_image_by_its_tag(saboteur: Saboteur) -> None:
    """Deploy a frontend whose image is whatever has that tag."""
    image = saboteur.pods("frontend")[0].containers[0].image.partition("@")[0]
    _change(saboteur, "frontend", {"containers": [{"name": "frontend", "image": image}]})


def no_standard(saboteur: Saboteur) -> None:
    """Let the namespace take any pod. Without a label it had the cluster's own standard."""
    _forbid_nothing(saboteur)


def a_lax_standard(saboteur: Saboteur) -> None:
    """Enforce no more than the baseline."""
    _forbid_nothing(saboteur, "baseline")


def _forbid_nothing(saboteur: Saboteur, standard: str = "privileged") -> None:
    """Replace the standard of the system's namespace."""
    change = {"metadata": {"labels": {_STANDARD: standard}}}
    saboteur.patch(f"namespace/{saboteur.system.namespace}", change)


def _confine(saboteur: Saboteur, context: dict[str, Any]) -> None:
    _change(saboteur, "backend", {"containers": [{"name": "backend", "securityContext": context}]})


def _change(saboteur: Saboteur, workload: str, spec: dict[str, Any]) -> None:
    saboteur.patch(f"deployment/{workload}", {"spec": {"template": {"spec": spec}}})
    saboteur.settle()
