from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.domains.documentation.generated_tables import read_tables
from acceptance.domains.rbac.drivers import access_reviews
from acceptance.domains.rbac.drivers.access_reviews import (
    ApiResource,
    Permission,
    RbacSubject,
    RoleBindingSubject,
)
from acceptance.domains.rbac.permission_table import COLUMNS, PermissionGrant, read_grants
from acceptance.domains.rbac.permissions import PermissionAnswers, PermissionInspector
from acceptance.errors import BrokenInput
from acceptance.project import ROOT
from tests.support.actors import context_of
from tests.support.committed_manifests import committed

SECRETS = ApiResource("", "secrets", namespaced=True, verbs=("get", "list"))
NODES = ApiResource("", "nodes", namespaced=False, verbs=("get",))
SCALE = ApiResource("apps", "deployments/scale", namespaced=True, verbs=("patch",))
OTHERS = tuple(ApiResource(group, "events", True, ("get",)) for group in ("", "events.k8s.io"))  # noqa: FBT003
KNOWN = (SECRETS, NODES, SCALE, *OTHERS)
BACKEND = RbacSubject("service account backend", "system:serviceaccount:shop:backend", ())
OPERATOR = RbacSubject("role operator", "somebody", ("operators",))
ROWS = [
    COLUMNS,
    ("everybody", "get", "/version, /api/*", "everywhere"),
    ("service account backend", "nothing else", "", ""),
    ("role operator", "get", "secrets(key), events", "here"),
    ("role operator", "patch", "deployments/scale", "here"),
]
PATHS = ("/version", "/api/v1", "/metrics")
ASKED = access_reviews.every_permission(KNOWN, PATHS, {("", "secrets", "key")}, ("shop", "default"))
FOR_EVERYBODY = {Permission("get", "", "/version", ""), Permission("get", "", "/api/v1", "")}
FOR_OPERATORS = {
    *FOR_EVERYBODY,
    Permission("get", "", "secrets", "shop", "key"),
    Permission("get", "", "events", "shop"),
    Permission("patch", "apps", "deployments/scale", "shop"),
}


def compare(
    rows: Sequence[Sequence[str]],
    *,
    backend: set[Permission] = FOR_EVERYBODY,
    operator: set[Permission] = FOR_OPERATORS,
    bindings: tuple[RoleBindingSubject, ...] = (),
) -> None:
    """Compare what a made-up cluster allows with a table."""
    system: Any = SimpleNamespace(namespace="shop")
    allowed = {
        "everybody": frozenset(FOR_EVERYBODY),
        BACKEND.who: frozenset(backend),
        OPERATOR.who: frozenset(operator),
    }
    subjects = (RbacSubject("everybody", "somebody", ()), BACKEND, OPERATOR)
    answers = PermissionAnswers(subjects, bindings, KNOWN, ASKED, allowed, 1.0)
    inspector = PermissionInspector(context_of(system))
    inspector.assert_permissions_match_table(answers, read_grants(rows))


def test_exactly_the_granted_permissions_pass() -> None:
    """A subresource, one object and a path with a star each grant exactly what they say."""
    assert len(ASKED) == 3 * 2 * 2 + 1 + 3 + 2 * 3 + 2 * 3
    compare(ROWS)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"backend": {*FOR_EVERYBODY, Permission("list", "", "secrets", "")}},
            "service account backend may list secrets in the whole cluster, which the table",
        ),
        (
            {"operator": {*FOR_OPERATORS, Permission("get", "", "secrets", "shop")}},
            "role operator may get secrets in shop, which the table does not grant",
        ),
        (
            {"operator": {*FOR_OPERATORS, Permission("get", "", "/metrics", "")}},
            "may get /metrics of the API server, which the table does not grant",
        ),
        (
            {
                "operator": FOR_OPERATORS
                - {Permission("patch", "apps", "deployments/scale", "shop")}
            },
            "role operator may not patch deployments.apps/scale in shop, which the table grants",
        ),
        (
            {"bindings": (RoleBindingSubject("night", "view", "User", "mallory", ""),)},
            "the role binding night gives the role view to the User mallory",
        ),
    ],
)
def test_each_difference_from_the_table_is_named(change: dict[str, Any], said: str) -> None:
    """A permission too many, one too few, and a user who is in no row."""
    with pytest.raises(AssertionError, match=said):
        compare(ROWS, **change)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (ROWS[:2], "has no row for role operator"),
        ([*ROWS, ("role pilot", "nothing else", "", "")], "row for role pilot, which is not in"),
        ([*ROWS, ("everybody", "get", "planes", "here")], "planes, which the API server does not"),
    ],
)
def test_rows_must_match_the_cluster(rows: Sequence[Sequence[str]], said: str) -> None:
    """A row that is missing, one too many, and a resource that does not exist."""
    with pytest.raises(AssertionError, match=said):
        compare(rows)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [COLUMNS],
        [("who", "may"), ("everybody", "get")],
        [COLUMNS, ("everyone", "get", "pods", "here")],
        [COLUMNS, ("everybody", "get", "", "here")],
        [COLUMNS, ("everybody", "get", "pods", "there")],
        [COLUMNS, ("role a", "nothing else", "pods", "")],
    ],
)
def test_an_unreadable_table_is_broken_input(rows: Sequence[Sequence[str]]) -> None:
    """No row, other columns, other words: a permission is never skipped silently."""
    with pytest.raises(BrokenInput):
        read_grants(rows)


def test_the_table_of_the_feature_can_be_read() -> None:
    """The scenario that has it would otherwise fail only after a cluster has started."""
    rows = read_tables(ROOT)["Everybody has exactly the permissions in the table"]
    assert PermissionGrant("role operator", ("delete",), ("pods",), "here") in read_grants(rows)


def test_no_role_has_a_wildcard_and_nobody_is_an_administrator() -> None:
    """The platform's included; only the ingress and cert-manager read Secrets."""
    for role in committed("Role", "ClusterRole"):
        for rule in role["rules"]:
            assert not [each for values in rule.values() for each in values if "*" in each], role
            reads = "secrets" in rule.get("resources", ())
            assert not reads or role["metadata"]["name"] in {"traefik-ingress", "cert-manager"}
    for binding in committed("RoleBinding", "ClusterRoleBinding"):
        assert binding["roleRef"]["name"] not in {"cluster-admin", "admin", "edit"}
