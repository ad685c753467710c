"""Sabotages of what the domain rbac judges: roles, service accounts and tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_RBAC = "rbac.authorization.k8s.io"


@control(
    "TASK-002-AC-2",
    "Everybody has exactly the permissions in the table",
    expects=r"role operator may create pods/exec in \S+, which the table does not grant",
)
def an_extra_permission(saboteur: Saboteur) -> None:
    """Let operators run commands in containers, since it was needed once at night."""
    rule = {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}
    saboteur.patch("role/operator", [{"op": "add", "path": "/rules/-", "value": rule}], kind="json")


@control(
    "TASK-002-AC-2",
    "Everybody has exactly the permissions in the table",
    expects=r"role operator may not delete pods in \S+, which the table grants",
)
def a_missing_permission(saboteur: Saboteur) -> None:
    """Take from operators the permission to restart pods."""
    saboteur.patch("role/operator", [{"op": "remove", "path": "/rules/6"}], kind="json")


@control(
    "TASK-002-AC-2",
    "Everybody has exactly the permissions in the table",
    expects=r"service account backend may \* \*\.\* in ",
)
@control(
    "TASK-002-AC-2",
    "A stolen token of a pod permits nothing",
    expects=r"an attacker with the token of backend-\S+ could list the Secrets",
)
def a_cluster_admin_service_account(saboteur: Saboteur) -> None:
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
            "metadata": {"name": "backend-admin"},
            "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [subject],
        }
    )


@control(
    "TASK-002-AC-2",
    "Everybody has exactly the permissions in the table",
    expects="the role binding stranger gives the role view to the User mallory, who is not in the",
)
def a_role_for_an_unknown_user(saboteur: Saboteur) -> None:
    """Let a user read everything who is in none of the groups."""
    saboteur.create(
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "stranger"},
            "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "view"},
            "subjects": [{"apiGroup": _RBAC, "kind": "User", "name": "mallory"}],
        }
    )


@control(
    "TASK-002-AC-2",
    "No container holds a token of the Kubernetes API",
    expects=r"backend-\S+/backend holds a token of the Kubernetes API in /",
)
def a_mounted_token(saboteur: Saboteur) -> None:
    """Mount the service account's token into the backend."""
    saboteur.change_pods("backend", {"automountServiceAccountToken": True})
