from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.clusters import hardening
from acceptance.domains.compliance import components, network, permissions
from acceptance.domains.compliance.check_result import CheckArguments


def test_the_audit_policy_has_no_bodies_and_misses_nothing_that_matters() -> None:
    """The policy of the clusters meets the control; one that records bodies does not."""
    snapshot = _snapshot(hardening.audit_policy())
    assert components.audit_policy(snapshot, CheckArguments({}, {})).status == "met"
    everything = components.audit_policy(
        _snapshot({"rules": [{"level": "RequestResponse"}]}), CheckArguments({}, {})
    )
    assert "secrets: RequestResponse" in everything.observed
    nothing = components.audit_policy(
        _snapshot({"rules": [{"level": "None"}]}), CheckArguments({}, {})
    )
    assert (nothing.status, "secrets: None" in nothing.observed) == ("unmet", True)


def test_two_clusters_have_different_keys_and_no_clear_text() -> None:
    """Each run has its own key, and no provider reads or writes plain values."""
    first, second = (hardening.encryption_configuration() for _ in range(2))
    assert first != second
    assert [list(each) for each in first["resources"][0]["providers"]] == [["secretbox"]]


def test_a_subject_added_to_a_binding_of_kubernetes_own_is_found() -> None:
    """The label of a binding allows its original subjects, and none that was added."""
    label = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    binding = {
        "metadata": {"name": "cluster-admin", "labels": label},
        "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [
            {"kind": "Group", "name": "system:masters"},
            {"kind": "Group", "name": "system:authenticated"},
            {"kind": "ServiceAccount", "name": "default", "namespace": "kube-system"},
        ],
    }
    role = {
        "metadata": {"name": "cluster-admin", "labels": label},
        "rules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
    }
    objects = {"ClusterRole": (role,), "ClusterRoleBinding": (binding,)}
    snapshot: Any = SimpleNamespace(objects=lambda kind: objects.get(kind, ()))
    asked = CheckArguments({"verbs": "get", "group": "", "resources": "secrets"}, {})
    found = permissions.no_permission(snapshot, asked)
    assert found.status == "unmet"
    assert "Group system:authenticated" in found.observed
    assert "ServiceAccount kube-system/default" in found.observed
    assert "system:masters" not in found.observed
    assert permissions.no_cluster_admin(snapshot, CheckArguments({}, {})).status == "unmet"


@pytest.mark.parametrize(
    ("group", "resource", "status"),
    [("", "users", "unmet"), ("rbac.authorization.k8s.io", "roles", "unmet"), ("apps", "x", "met")],
)
def test_a_permission_is_looked_for_in_several_groups(
    group: str, resource: str, status: str
) -> None:
    """Users are impersonated in the core group, and roles are bound in another one."""
    rule = {"verbs": ["impersonate"], "apiGroups": [group], "resources": [resource]}
    binding = {
        "metadata": {"name": "support"},
        "roleRef": {"kind": "ClusterRole", "name": "support"},
        "subjects": [{"kind": "User", "name": "bob"}],
    }
    objects = {
        "ClusterRole": ({"metadata": {"name": "support"}, "rules": [rule]},),
        "ClusterRoleBinding": (binding,),
    }
    snapshot: Any = SimpleNamespace(objects=lambda kind: objects.get(kind, ()))
    groups = "rbac.authorization.k8s.io core"
    asked = {"verbs": "bind impersonate", "group": groups, "resources": "roles users"}
    assert permissions.no_permission(snapshot, CheckArguments(asked, {})).status == status


@pytest.mark.parametrize(
    ("selector", "types", "status"),
    [
        ({}, ["Ingress", "Egress"], "met"),
        ({"matchLabels": {"app": "x"}}, ["Ingress", "Egress"], "met"),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, ["Ingress"], "unmet"),
        ({"matchLabels": {"app": "y"}}, ["Ingress", "Egress"], "unmet"),
        (
            {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["x"]}]},
            ["Ingress", "Egress"],
            "unmet",
        ),
    ],
)
def test_a_pod_is_isolated_by_the_policies_that_select_it(
    selector: dict[str, Any], types: list[str], status: str
) -> None:
    """In both directions, or it is not."""
    where = {"namespace": "a", "name": "p"}
    pod = {"metadata": {**where, "labels": {"app": "x"}}, "spec": {}}
    policy = {"metadata": where, "spec": {"podSelector": selector, "policyTypes": types}}
    objects = {"Pod": (pod,), "NetworkPolicy": (policy,)}
    snapshot: Any = SimpleNamespace(objects=lambda kind: objects[kind])
    assert network.pods_selected_by_policies(snapshot, CheckArguments({}, {})).status == status


def _snapshot(policy: dict[str, Any]) -> Any:  # noqa: ANN401
    server = SimpleNamespace(get=lambda _: "/policy")
    node = SimpleNamespace(named=lambda _: (server,), read=lambda _: json.dumps(policy))
    return SimpleNamespace(node=node)
