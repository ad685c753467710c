"""Sabotages of what the domain rbac judges: roles, service accounts and tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_RBAC = "rbac.authorization.k8s.io"


@control(
    "TASK-002-AC-2",
    "Everybody may do what is granted and nothing else",
    expects=r"the role operator may create pods/exec in \S+, which nobody granted",
)
def a_verb_more(saboteur: Saboteur) -> None:
    """Let operators enter containers, since it was needed once at night."""
    rule = {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}
    saboteur.patch("role/operator", [{"op": "add", "path": "/rules/-", "value": rule}], kind="json")


@control(
    "TASK-002-AC-2",
    "Everybody may do what is granted and nothing else",
    expects=r"the role operator may not delete pods in \S+, which is granted",
)
def a_verb_less(saboteur: Saboteur) -> None:
    """Take the right to restart away from operators."""
    saboteur.patch("role/operator", [{"op": "remove", "path": "/rules/6"}], kind="json")


@control(
    "TASK-002-AC-2",
    "Everybody may do what is granted and nothing else",
    expects=r"the service account backend may \* \*\.\* in ",
)
@control(
    "TASK-002-AC-2",
    "Stolen credentials of a pod open nothing",
    expects=r"who has the credentials of backend-\S+ could list the Secrets",
)
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


@control(
    "TASK-002-AC-2",
    "Everybody may do what is granted and nothing else",
    expects="the role binding stranger gives view to the User mallory",
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


@control(
    "TASK-002-AC-2",
    "No container holds credentials of the cluster",
    expects=r"backend-\S+/backend holds credentials of the cluster in /",
)
def a_mounted_token(saboteur: Saboteur) -> None:
    """Mount the service account's token into the backend."""
    saboteur.change_pods("backend", {"automountServiceAccountToken": True})
