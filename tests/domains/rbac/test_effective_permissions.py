from __future__ import annotations

import pytest

from acceptance.domains.rbac.drivers.access_reviews import Permission
from acceptance.domains.rbac.drivers.roles import Binding, Rule, Subject, parse_binding, parse_rule
from acceptance.domains.rbac.effective_permissions import (
    applies,
    beyond,
    covered,
    expand,
    identity,
    permissions,
)
from tests.fakes.rbac_cluster import (
    AUTHENTICATED,
    BACKEND,
    BOB,
    KNOWN,
    OPERATORS,
    PATHS,
    binding,
    cluster,
    rule,
)

READ_SECRETS = Permission("get", "", "secrets", "")


def expanded(given: Rule, namespace: str = "") -> set[str]:
    """Return what a rule permits, as verb and thing."""
    found = expand([given], namespace, KNOWN, PATHS)
    return {f"{each.verb} {each.thing}" for each in found}


def test_a_rule_permits_what_it_lists() -> None:
    """Each verb on each resource that the API server has, and nothing that it has not."""
    assert expanded(rule("get list fly", "secrets planes")) == {"get secrets", "list secrets"}


def test_a_name_permits_one_object() -> None:
    """Neither the others nor all of them."""
    assert expanded(rule("get", "secrets", names="key")) == {"get secrets key"}
    found = expand([rule("get", "secrets", names="key")], "shop", KNOWN, PATHS)
    assert covered(Permission("get", "", "secrets", "shop", "key"), found)
    assert not covered(Permission("get", "", "secrets", "shop"), found)
    assert not covered(Permission("get", "", "secrets", "shop", "other"), found)


def test_wildcards_permit_what_they_cover() -> None:
    """In the verbs, in the resources of one group, and in the subresource."""
    assert expanded(rule("*", "deployments", group="apps")) == {
        "get deployments.apps",
        "patch deployments.apps",
    }
    assert "patch deployments.apps/scale" in expanded(rule("patch", "*", group="apps"))
    assert "get secrets" not in expanded(rule("get", "*", group="apps"))
    assert expanded(rule("patch", "*/scale", group="*")) == {"patch deployments.apps/scale"}
    assert expanded(rule("get", "events", group="*")) == {"get events", "get events.events.k8s.io"}


def test_only_everything_is_the_wildcard_itself() -> None:
    """A rule for every verb of one group permits nothing that is added in another group."""
    assert "* *.*" in expanded(rule("*", "*", group="*"))
    assert "* *.*" not in expanded(rule("*", "*"))
    assert "* *.*" not in expanded(rule("get", "*", group="*"))
    assert "impersonate users" in expanded(rule("*", "*", group="*"))


def test_a_resource_does_not_include_its_subresources() -> None:
    """`pods` is not `pods/exec`, and the other way round."""
    assert expanded(rule("create", "pods")) == {"create pods"}
    assert expanded(rule("create", "pods/exec")) == {"create pods/exec"}


def test_a_role_in_a_namespace_permits_nothing_of_the_whole_cluster() -> None:
    """No node and no path; but the namespace itself is asked for in the namespace."""
    given = rule("get", "nodes namespaces secrets /version")
    assert expanded(given, "shop") == {"get namespaces", "get secrets"}
    assert expanded(given) == {"get nodes", "get namespaces", "get secrets", "get /version"}


def test_a_path_with_a_star_covers_what_begins_so() -> None:
    """Only the star at the end is one."""
    assert expanded(rule("get", "/api/*")) == {"get /api/v1"}
    assert expanded(rule("get", "/api")) == set()
    assert expanded(Rule(("*",), paths=("*",))) >= {"get /metrics", "post /metrics"}


def test_every_extra_field_of_a_user_can_be_impersonated() -> None:
    """Discovery cannot list them, because anybody names them as they like."""
    given = rule("impersonate", "userextras/team", group="authentication.k8s.io")
    assert expanded(given) == {"impersonate userextras.authentication.k8s.io/team"}


@pytest.mark.parametrize(
    ("bound", "who", "expected"),
    [
        (BACKEND, BACKEND, True),
        (Subject("ServiceAccount", "backend", "default"), BACKEND, False),
        (Subject("Group", "system:serviceaccounts"), BACKEND, True),
        (Subject("Group", "system:serviceaccounts:shop"), BACKEND, True),
        (Subject("Group", "system:serviceaccounts:default"), BACKEND, False),
        (AUTHENTICATED, BACKEND, True),
        (AUTHENTICATED, BOB, True),
        (AUTHENTICATED, Subject("Group", "system:unauthenticated"), False),
        (Subject("User", "system:anonymous"), Subject("Group", "system:unauthenticated"), True),
        (OPERATORS, BOB, False),
        (Subject("Group", BOB.name), BOB, False),
        (Subject("Group", "system:serviceaccounts"), OPERATORS, False),
        (
            Subject("Group", "system:serviceaccounts"),
            Subject("Group", "system:serviceaccounts:shop"),
            True,
        ),
    ],
)
def test_a_binding_is_for_those_whom_it_names(bound: Subject, who: Subject, expected: bool) -> None:
    """By kind, name and namespace, and by the groups that Kubernetes itself gives."""
    assert applies(bound, identity(who, "somebody")) is expected


def test_a_user_named_as_an_account_is_the_account() -> None:
    """RBAC compares user names, so a binding may name an account as a user."""
    found = parse_binding(
        {
            "metadata": {"name": "sly"},
            "roleRef": {"kind": "ClusterRole", "name": "view"},
            "subjects": [{"kind": "User", "name": "system:serviceaccount:shop:backend"}],
        },
        "ClusterRoleBinding",
    )
    assert found == Binding("ClusterRoleBinding sly", "", "ClusterRole view", (BACKEND,))


def test_an_account_without_a_namespace_is_of_that_of_its_binding() -> None:
    """And a Role is looked for in that namespace."""
    found = parse_binding(
        {
            "metadata": {"name": "sly", "namespace": "shop"},
            "roleRef": {"kind": "Role", "name": "view"},
            "subjects": [{"kind": "ServiceAccount", "name": "backend"}],
        },
        "RoleBinding",
    )
    assert found == Binding("RoleBinding shop/sly", "shop", "Role shop/view", (BACKEND,))


def test_permissions_of_all_bindings_add_up() -> None:
    """Of the account itself, of its groups, in a namespace and in the whole cluster."""
    objects = cluster(
        {"reader": (rule("get", "secrets"),), "runner": (rule("create", "pods"),)},
        binding("one", "reader", Subject("Group", "system:serviceaccounts:shop")),
        binding("two", "runner", BACKEND, namespace="kube-system"),
        binding("three", "runner", BOB),
        binding("four", "gone", BACKEND),
    )
    found = permissions(objects, identity(BACKEND, "backend"), KNOWN, PATHS)
    assert found == {READ_SECRETS, Permission("create", "", "pods", "kube-system")}


def test_only_the_widest_form_is_beyond_a_limit() -> None:
    """All objects instead of one, the whole cluster instead of a namespace."""
    narrow = Permission("get", "", "secrets", "shop", "key")
    here = Permission("get", "", "secrets", "shop")
    assert beyond({narrow, here, READ_SECRETS}, ()) == {READ_SECRETS}
    assert beyond({narrow, here}, {here}) == frozenset()
    assert beyond({READ_SECRETS}, {here}) == {READ_SECRETS}
    assert beyond({here}, {narrow}) == {here}
    elsewhere = Permission("get", "", "secrets", "default", "key")
    assert beyond({elsewhere, here}, ()) == {elsewhere, here}


def test_a_rule_of_the_api_may_leave_fields_out() -> None:
    """A rule about paths has no groups, and one about resources has no paths."""
    assert parse_rule({"verbs": ["get"], "nonResourceURLs": ["/version"]}) == rule(
        "get", "/version"
    )
    assert parse_rule({"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}) == rule(
        "get", "pods"
    )
