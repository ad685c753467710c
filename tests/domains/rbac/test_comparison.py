from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from acceptance.domains.rbac.comparison import PermissionFacts
from acceptance.domains.rbac.drivers.roles import Binding, RbacObjects, Rule, Subject
from acceptance.domains.rbac.judged_subjects import judged_subjects, without_other_tenants
from acceptance.domains.rbac.permission_table import COLUMNS, read_grants
from acceptance.domains.rbac.permissions import PermissionInspector
from acceptance.judgement import Unverifiable
from tests.fakes.rbac_cluster import (
    AUTHENTICATED,
    BACKEND,
    BOB,
    KNOWN,
    NAMESPACES,
    OPERATORS,
    PATHS,
    binding,
    cluster,
    rule,
)
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

VERSION = "v1.34.4"
MONITOR = Subject("ServiceAccount", "monitor", "monitoring")
ROWS = (
    COLUMNS,
    ("everybody", "get", "/version, /api/*", "everywhere"),
    ("anonymous", "get", "/version", "everywhere"),
    ("every service account", "nothing else", "", ""),
    ("service account backend", "nothing else", "", ""),
    ("role operator", "get", "secrets(key), events", "here"),
    ("role operator", "patch", "deployments/scale", "here"),
    ("add-on service account monitoring/monitor", "get, list", "pods, nodes", "everywhere"),
)
ROLES = {
    "everybody": (rule("get", "/version /api/*"),),
    "anonymous": (rule("get", "/version"),),
    "operator": (
        rule("get", "secrets", names="key"),
        rule("get", "events"),
        rule("patch", "deployments/scale", group="apps"),
    ),
    "monitor": (rule("list", "pods"),),
    "support": (rule("impersonate", "groups"),),
    "rollout": (rule("get patch", "deployments", group="apps"),),
    "reader": (rule("get list", "pods"),),
}
BINDINGS = (
    binding("everybody", "everybody", AUTHENTICATED),
    binding("anonymous", "anonymous", Subject("Group", "system:unauthenticated")),
    binding("operator", "operator", OPERATORS, namespace="shop"),
    binding("monitor", "monitor", MONITOR),
    # What Kubernetes brings.
    binding("cluster-admin", "cluster-admin", Subject("Group", "system:masters")),
)


def facts_of(objects: RbacObjects, version: str = VERSION) -> PermissionFacts:
    """Return the facts about a made-up cluster whose answers follow from its roles."""
    subjects = judged_subjects(objects, "shop", {"backend": "backend"})
    return PermissionFacts("shop", NAMESPACES, version, objects, subjects, KNOWN, PATHS, {})


def compare(
    *bindings: Binding,
    rows: Sequence[Sequence[str]] = ROWS,
    roles: Mapping[str, tuple[Rule, ...]] | None = None,
    version: str = VERSION,
) -> None:
    """Compare a cluster that has these bindings and roles too with a table."""
    admin = {"cluster-admin": (Rule(("*",), ("*",), ("*",)),)}
    objects = cluster({**admin, **ROLES, **(roles or {})}, *BINDINGS, *bindings)
    inspector = PermissionInspector(context_of(SYSTEM))
    inspector.assert_permissions_match_table(facts_of(objects, version), read_grants(rows))


def test_exactly_the_granted_permissions_pass() -> None:
    """One object, a subresource, a path with a star; an add-on may have less than its row says."""
    compare()


@pytest.mark.parametrize(
    ("added", "said"),
    [
        (
            binding("support", "support", BOB),
            (
                "who may impersonate groups in the whole cluster: it amounts to every permission "
                "of whom they impersonate by the ClusterRoleBinding support"
            ),
        ),
        (
            binding("rollout", "rollout", Subject("Group", "contractors")),
            (
                "no row for group contractors, who may patch deployments.apps in the whole cluster"
                ": it amounts to running pods as any service account"
            ),
        ),
        (
            binding("reader", "reader", BACKEND, namespace="kube-system"),
            "service account backend may get, list pods in kube-system, which the table does not",
        ),
        (
            binding("reader", "reader", Subject("Group", "system:serviceaccounts:shop")),
            "no row for group system:serviceaccounts:shop, who may get, list pods in the whole",
        ),
        (
            binding("reader", "reader", Subject("Group", "system:serviceaccounts")),
            "every service account may get, list pods in the whole cluster, which the table",
        ),
        (
            binding("reader", "reader", AUTHENTICATED, namespace="default"),
            "everybody may get, list pods in default, which the table does not grant",
        ),
        (
            binding("reader", "reader", Subject("User", "system:anonymous")),
            "anonymous may get, list pods in the whole cluster, which the table does not grant",
        ),
        (
            binding("admin", "cluster-admin", BACKEND),
            (
                r"service account backend may \* \*\.\* in the whole cluster, which the table does "
                "not grant: it amounts to every permission there is"
            ),
        ),
        (
            binding("monitor-too", "rollout", MONITOR, namespace="shop"),
            "service account monitoring/monitor may patch deployments.apps in shop, which",
        ),
        (
            binding("more", "reader", OPERATORS, namespace="kube-system"),
            "role operator may get, list pods in kube-system, which the table does not grant",
        ),
        (
            binding("future", "reader", Subject("ServiceAccount", "later", "shop")),
            "no row for service account later, who may get, list pods in the whole cluster",
        ),
        (
            binding("cluster-admin", "cluster-admin", BOB),
            (
                r"no row for user bob@example.org, who may \* \*\.\* in the whole cluster.* by the "
                r"ClusterRoleBinding cluster-admin \(Kubernetes makes it for others\)"
            ),
        ),
        (
            binding("system:discovery", "reader", Subject("ServiceAccount", "x", "kube-system")),
            "no row for service account kube-system/x, who may get, list pods",
        ),
    ],
)
def test_a_binding_that_the_table_does_not_have_is_named(added: Binding, said: str) -> None:
    """Of a user, a group or an account; in any namespace; with what the permission amounts to."""
    with pytest.raises(AssertionError, match=said):
        compare(added)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (
            (*ROLES["operator"], rule("get", "secrets")),
            "role operator may get secrets in shop, which the table does not grant: it amounts to",
        ),
        (
            (*ROLES["operator"], rule("get", "secrets", names="other")),
            "role operator may get secrets other in shop, which the table does not grant",
        ),
        (
            (*ROLES["operator"], rule("create", "pods/exec")),
            "may create pods/exec in shop, which the table does not grant: it amounts to acting as",
        ),
        (
            ROLES["operator"][:2],
            "role operator may not patch deployments.apps/scale in shop, which the table grants",
        ),
        (ROLES["operator"][1:], "role operator may not get secrets key in shop, which the table"),
    ],
)
def test_another_rule_of_a_role_is_named(rules: tuple[Rule, ...], said: str) -> None:
    """A permission too many, one for another object, and one too few."""
    with pytest.raises(AssertionError, match=said):
        compare(roles={"operator": rules})


def test_a_right_to_bind_one_role_is_named() -> None:
    """It is for that role only, and it amounts to what the role permits."""
    bind = rule("bind", "clusterroles", group="rbac.authorization.k8s.io", names="cluster-admin")
    said = (
        r"role operator may bind clusterroles.rbac.authorization.k8s.io cluster-admin in the whole "
        r"cluster, which the table does not grant: it amounts to giving themselves such a role"
    )
    with pytest.raises(AssertionError, match=said):
        compare(binding("binder", "binder", OPERATORS), roles={"binder": (bind,)})


def test_an_extended_role_of_kubernetes_is_named() -> None:
    """Also if nobody is bound to it yet."""
    said = (
        "the ClusterRole view, which Kubernetes brings, was extended: it also permits to list secr"
    )
    with pytest.raises(AssertionError, match=said):
        compare(roles={"view": (rule("list", "pods secrets"),)})


def test_an_unknown_kubernetes_is_not_blamed() -> None:
    """What it brings may differ; what is wrong all the same is said first."""
    extended = {"view": (rule("list", "secrets"),)}
    with pytest.raises(Unverifiable, match=r"whether ClusterRole view is what Kubernetes v1\.99"):
        compare(roles=extended, version="v1.99.0")
    with pytest.raises(AssertionError, match="no row for user bob"):
        compare(binding("support", "support", BOB), roles=extended, version="v1.99.0")
    component = Subject("ServiceAccount", "new-controller", "kube-system")
    new = binding("system:controller:new", "reader", component, default=True)
    with pytest.raises(Unverifiable, match="whether ClusterRoleBinding system:controller:new is"):
        compare(new, version="v1.99.0")


def test_who_is_bound_and_may_nothing_more_needs_no_row() -> None:
    """A role without rules, and one that is not there."""
    compare(binding("nothing", "gone", BOB))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (ROWS[:5], "has no row for role operator"),
        ([*ROWS, ("role pilot", "nothing else", "", "")], "row for role pilot, which is not in"),
        ([*ROWS, ("user alice", "get", "pods", "here")], "row for user alice, which is not in"),
        ([*ROWS, ("everybody", "get", "planes", "here")], "planes, which the API server does not"),
    ],
)
def test_rows_must_match_the_cluster(rows: Sequence[Sequence[str]], said: str) -> None:
    """A row that is missing, one too many, and a resource that does not exist."""
    with pytest.raises(AssertionError, match=said):
        compare(rows=rows)


def test_a_row_for_everything_and_one_for_a_namespace_grant_what_they_say() -> None:
    """A namespace that is not there needs nothing."""
    rows = (
        *ROWS,
        ("group platform", "*", "*", "everywhere"),
        ("user bob@example.org", "get, list", "pods", "in kube-system, gone"),
    )
    everything = binding("platform", "cluster-admin", Subject("Group", "platform"))
    admin = {"cluster-admin": (Rule(("*",), ("*",), ("*",)), Rule(("*",), paths=("*",)))}
    compare(
        everything, binding("bob", "reader", BOB, namespace="kube-system"), rows=rows, roles=admin
    )


def test_another_tenant_of_a_shared_cluster_is_not_judged() -> None:
    """But what an account of the system has in the namespaces of others is."""
    foreign = binding("tenant", "reader", BOB, BACKEND, OPERATORS, namespace="kube-system")
    gone = binding("gone", "reader", BOB, namespace="deleted")
    objects = cluster(ROLES, foreign, gone, binding("all", "reader", BOB))
    shared = without_other_tenants(objects, "shop", NAMESPACES, shared=True)
    assert [each.subjects for each in shared.bindings] == [(BACKEND,), (BOB,)]
    own = without_other_tenants(objects, "shop", NAMESPACES, shared=False)
    assert [each.key for each in own.bindings] == [foreign.key, "ClusterRoleBinding all"]
