from __future__ import annotations

import pytest

from acceptance.domains.rbac.default_policy import (
    changed_defaults,
    claimed_defaults,
    load_default_policy,
)
from acceptance.domains.rbac.drivers.access_reviews import Permission
from acceptance.domains.rbac.drivers.roles import Binding, RbacObjects, Role, Rule, Subject
from acceptance.domains.rbac.escalation import amounts_to
from tests.fakes.rbac_cluster import BACKEND, binding, rule

POLICY = load_default_policy()
MASTERS = Subject("Group", "system:masters")


def extended(role: str, *rules: Rule) -> list[str]:
    """Return what was added to a role of Kubernetes that also has these rules."""
    given = Role(f"ClusterRole {role}", (*POLICY.roles[f"ClusterRole {role}"], *rules))
    found = changed_defaults(RbacObjects((given,), ()), POLICY)
    return [f"{each.verb} {each.thing}" for each in found.get(given.key, ())]


def test_the_default_policy_is_there() -> None:
    """For the version of Kubernetes that the suite starts, with its components' bindings."""
    assert POLICY.knows("v1.34.4+k3s1")
    assert not POLICY.knows("v1.3.4")
    assert len(POLICY.bindings) > 50
    assert {role for role, _ in POLICY.bindings.values()} <= set(POLICY.roles)


def test_a_binding_is_kubernetes_own_by_name_role_and_subject() -> None:
    """The same name with another role, or one more subject, is not."""
    own = binding("cluster-admin", "cluster-admin", MASTERS, BACKEND)
    assert POLICY.has(own, MASTERS)
    assert not POLICY.has(own, BACKEND)
    assert not POLICY.has(binding("cluster-admin", "view", MASTERS), MASTERS)
    assert not POLICY.has(binding("admins", "cluster-admin", MASTERS), MASTERS)
    assert not POLICY.has(binding("cluster-admin", "cluster-admin", namespace="shop"), MASTERS)


def test_what_everybody_has_is_not_what_a_component_needs() -> None:
    """So the table has rows for it."""
    group = Subject("Group", "system:authenticated")
    own = binding("system:basic-user", "system:basic-user", group)
    assert POLICY.has(own, group)
    assert not POLICY.is_for_component(own, group)
    controller = Subject("ServiceAccount", "job-controller", "kube-system")
    name = "system:controller:job-controller"
    assert POLICY.is_for_component(binding(name, name, controller), controller)


def test_the_default_roles_have_no_additions() -> None:
    """Each is within itself, wildcards and paths included."""
    roles = tuple(Role(key, rules) for key, rules in POLICY.roles.items())
    assert changed_defaults(RbacObjects(roles, ()), POLICY) == {}


@pytest.mark.parametrize(
    ("role", "added", "said"),
    [
        ("system:node-proxier", rule("get", "secrets"), ["get secrets"]),
        ("system:basic-user", rule("get", "/metrics"), ["get /metrics"]),
        ("system:discovery", rule("post", "/api/*"), ["post /api/*"]),
        ("view", rule("get list", "secrets"), ["get secrets", "list secrets"]),
        ("view", rule("get", "secrets", names="key"), ["get secrets key"]),
        ("view", rule("get", "*"), ["get *"]),
        ("view", rule("get", "things", group="*"), ["get things.*"]),
        ("view", rule("get list watch", "pods"), []),
        ("cluster-admin", rule("*", "*", group="shop.example.org"), []),
    ],
)
def test_additions_to_a_role_of_kubernetes_are_found(
    role: str, added: Rule, said: list[str]
) -> None:
    """By a rule of its own or by aggregation; what the role permits anyway is no addition."""
    assert extended(role, added) == said


def test_an_add_on_may_aggregate_its_own_kinds_into_view() -> None:
    """As cert-manager and metrics-server do; not into a role of a component, and no escalation."""
    own_kind = rule("get list watch", "certificates", group="cert-manager.io")
    assert extended("view", own_kind) == []
    assert extended("system:node", own_kind) != []
    webhooks = rule("create", "mutatingwebhookconfigurations", group="admissionregistration.k8s.io")
    assert extended("edit", webhooks) != []


def test_a_role_of_another_name_is_nobodys_default() -> None:
    """It is judged by whom it is bound to."""
    role = Role("ClusterRole view-too", (rule("get", "secrets"),))
    assert changed_defaults(RbacObjects((role,), ()), POLICY) == {}


def test_who_claims_to_be_a_default_without_being_one_is_named() -> None:
    """The label is for anybody to set."""
    role = Role("ClusterRole system:mine", (), claims_default=True)
    bound = binding("system:mine", "system:mine", MASTERS, default=True)
    assert claimed_defaults(RbacObjects((role,), (bound,)), POLICY) == (role.key, bound.key)
    own = Binding("ClusterRoleBinding cluster-admin", "", "ClusterRole cluster-admin", (), True)  # noqa: FBT003
    assert claimed_defaults(RbacObjects((), (own,)), POLICY) == ()


@pytest.mark.parametrize(
    ("verb", "group", "resource", "said"),
    [
        ("impersonate", "", "users", "every permission of whom they impersonate"),
        ("impersonate", "authentication.k8s.io", "userextras/team", "whom they impersonate"),
        ("bind", "rbac.authorization.k8s.io", "clusterroles", "giving themselves such a role"),
        ("escalate", "rbac.authorization.k8s.io", "roles", "putting any permission into a role"),
        ("create", "", "serviceaccounts/token", "permission of these service accounts"),
        ("create", "", "pods", "as any service account of the namespace"),
        ("patch", "apps", "deployments", "as any service account of the namespace"),
        ("create", "batch", "cronjobs", "as any service account of the namespace"),
        ("create", "", "pods/exec", "acting as every program"),
        ("patch", "", "pods/ephemeralcontainers", "acting as every program"),
        ("list", "", "secrets", "every credential"),
        ("get", "", "nodes/proxy", "running commands in every container"),
        ("update", "certificates.k8s.io", "certificatesigningrequests/approval", "as anybody"),
        ("sign", "certificates.k8s.io", "signers", "as anybody"),
        (
            "patch",
            "admissionregistration.k8s.io",
            "validatingadmissionpolicies",
            "every object that anybody writes",
        ),
        (
            "delete",
            "admissionregistration.k8s.io",
            "validatingwebhookconfigurations",
            "switching off",
        ),
        ("update", "apiextensions.k8s.io", "customresourcedefinitions", "every object of these"),
        ("create", "", "persistentvolumes", "the files of every node"),
        ("*", "*", "*", "every permission there is"),
        ("list", "", "*", "every credential"),
        ("get", "", "pods", ""),
        ("get", "shop.example.org", "secrets", ""),
        ("update", "", "serviceaccounts", ""),
    ],
)
def test_a_permission_that_amounts_to_others_is_named(
    verb: str, group: str, resource: str, said: str
) -> None:
    """And one that does not is not."""
    found = amounts_to(Permission(verb, group, resource, "shop"))
    assert said in found
    assert bool(said) == bool(found)
