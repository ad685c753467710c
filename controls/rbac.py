"""Sabotages of what the domain rbac judges: roles and bindings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acceptance.errors import EnvironmentFailure
from acceptance.waiting import eventually
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_RBAC = "rbac.authorization.k8s.io"
_TABLE = "Everybody has exactly the permissions in the table"
_AGGREGATION_SECONDS = 30.0


@control(
    "TASK-002-AC-2",
    _TABLE,
    expects=r"role operator may create pods/exec in \S+, which the table does not grant",
)
def an_extra_permission(saboteur: Saboteur) -> None:
    """Let operators run commands in containers, since it was needed once at night."""
    rule = {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}
    saboteur.patch("role/operator", [{"op": "add", "path": "/rules/-", "value": rule}], kind="json")


@control(
    "TASK-002-AC-2",
    _TABLE,
    expects=r"role operator may not delete pods in \S+, which the table grants",
)
def a_missing_permission(saboteur: Saboteur) -> None:
    """Take from operators the permission to restart pods."""
    saboteur.patch("role/operator", [{"op": "remove", "path": "/rules/6"}], kind="json")


@control(
    "TASK-002-AC-2",
    _TABLE,
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
    _bind(saboteur, "backend-admin", "cluster-admin", subject)


@control(
    "TASK-002-AC-2",
    _TABLE,
    expects=r"no row for user mallory, who may .* by the RoleBinding \S+/stranger",
)
def a_role_for_an_unknown_user(saboteur: Saboteur) -> None:
    """Let a user read everything who is in none of the groups."""
    own = saboteur.system.namespace
    _bind(saboteur, "stranger", "view", _user("mallory"), namespace=own)


@control(
    "TASK-002-AC-2",
    _TABLE,
    expects=r"no row for user bob@example\.org, who may impersonate groups in the whole cluster: "
    "it amounts to every permission of whom they impersonate",
)
@control(
    "TASK-002-DOD-3",
    "The running cluster meets the CIS benchmark",
    expects=r"5\.1\.8 .*User bob@example\.org: may bind escalate impersonate .* by ClusterRole",
)
def a_user_who_may_impersonate(saboteur: Saboteur) -> None:
    """Let somebody of the support log in as any user, to see what they see."""
    rule = _rule("", "users groups serviceaccounts", "impersonate")
    _give_everywhere(saboteur, "support-login-as", [rule], _user("bob@example.org"))


@control(
    "TASK-002-AC-2",
    _TABLE,
    expects=r"no row for group contractors, who may patch, update deployments\.apps in the whole "
    "cluster: it amounts to running pods as any service account",
)
def a_group_that_deploys_everywhere(saboteur: Saboteur) -> None:
    """Let contractors roll out Deployments of the whole cluster."""
    rules = [
        _rule("apps", "deployments statefulsets", "get list patch update"),
        _rule("", "configmaps", "get list update patch"),
    ]
    _give_everywhere(saboteur, "rollout-anything", rules, _group("contractors"))


@control(
    "TASK-002-AC-2",
    _TABLE,
    expects="service account backend may get, list, watch .* in kube-system, which the table does",
)
def an_account_with_a_role_elsewhere(saboteur: Saboteur) -> None:
    """Let the backend read what is in another namespace."""
    account = {
        "kind": "ServiceAccount",
        "name": "backend",
        "namespace": saboteur.system.namespace,
    }
    _bind(saboteur, "backend-view", "view", account, namespace="kube-system")


@control(
    "TASK-002-AC-2",
    _TABLE,
    expects="everybody may get, list, watch .* in default, which the table does not grant",
)
def a_role_for_everybody(saboteur: Saboteur) -> None:
    """Let everybody who has logged in read what is in a namespace that nobody uses."""
    _bind(saboteur, "all-view", "view", _group("system:authenticated"), namespace="default")


@control(
    "TASK-002-AC-2",
    _TABLE,
    expects=r"no row for user carol@example\.org, who may .* by the ClusterRoleBinding "
    r"system:kube-scheduler \(Kubernetes makes it for others\)",
)
def a_subject_in_a_binding_of_kubernetes(saboteur: Saboteur) -> None:
    """Add a user to a binding that Kubernetes makes for its scheduler, to debug that."""
    change = [{"op": "add", "path": "/subjects/-", "value": _user("carol@example.org")}]
    saboteur.patch("clusterrolebinding/system:kube-scheduler", change, kind="json")


@control(
    "TASK-002-AC-2",
    _TABLE,
    expects=r"role operator may bind clusterroles\.rbac\.authorization\.k8s\.io cluster-admin in "
    "the whole cluster, which the table does not grant: it amounts to giving themselves such",
)
def a_right_to_bind_one_role(saboteur: Saboteur) -> None:
    """Let operators give the role cluster-admin, for an emergency, without having it."""
    rule = _rule(_RBAC, "clusterroles", "bind") | {"resourceNames": ["cluster-admin"]}
    _give_everywhere(saboteur, "emergency", [rule], _group("checkout:operators"))


@control(
    "TASK-002-AC-2",
    _TABLE,
    expects="the ClusterRole view, which Kubernetes brings, was extended: it also permits to "
    "get, list secrets in the whole cluster: it amounts to every credential",
)
def a_role_that_is_aggregated_into_view(saboteur: Saboteur) -> None:
    """Let whoever may read read Secrets too, by the label of a role that nobody is bound to."""
    label = {"rbac.authorization.k8s.io/aggregate-to-view": "true"}
    saboteur.create(_role("view-more", [_rule("", "secrets", "get list")], labels=label))
    eventually(
        lambda: saboteur.kubectl(
            "get", "clusterrole/view", "--output=jsonpath={.rules[*].resources}"
        ),
        lambda resources: '"secrets"' in resources,
        timeout=_AGGREGATION_SECONDS,
        what="the role view has the rule",
        error=EnvironmentFailure,
    )


@control(
    "TASK-002-AC-2",
    _TABLE,
    expects=r"role auditor may get secrets checkout-secrets in \S+, which the table does not "
    "grant: it amounts to every credential",
)
def a_right_to_one_secret(saboteur: Saboteur) -> None:
    """Let auditors read one Secret, to check its age."""
    rule = _rule("", "secrets", "get") | {"resourceNames": ["checkout-secrets"]}
    saboteur.patch("role/auditor", [{"op": "add", "path": "/rules/-", "value": rule}], kind="json")


def _rule(group: str, resources: str, verbs: str) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}


def _user(name: str) -> dict[str, str]:
    return {"apiGroup": _RBAC, "kind": "User", "name": name}


def _group(name: str) -> dict[str, str]:
    return {"apiGroup": _RBAC, "kind": "Group", "name": name}


def _role(
    name: str, rules: list[dict[str, Any]], *, labels: dict[str, str] | None = None
) -> dict[str, Any]:
    metadata = {"name": name, "labels": labels or {}}
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": metadata,
        "rules": rules,
    }


def _bind(
    saboteur: Saboteur, name: str, role: str, subject: dict[str, str], *, namespace: str = ""
) -> None:
    """Give a ClusterRole in a namespace; everywhere if there is none."""
    saboteur.create(
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": role},
            "subjects": [subject],
        },
        namespace=namespace,
    )


def _give_everywhere(
    saboteur: Saboteur, name: str, rules: list[dict[str, Any]], subject: dict[str, str]
) -> None:
    saboteur.create(_role(name, rules))
    _bind(saboteur, name, name, subject)
