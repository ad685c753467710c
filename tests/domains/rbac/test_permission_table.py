from __future__ import annotations

from collections.abc import Sequence

import pytest

from acceptance.domains.documentation.generated_tables import read_tables
from acceptance.domains.rbac.comparison import PermissionComparison, PermissionFacts
from acceptance.domains.rbac.default_policy import load_default_policy
from acceptance.domains.rbac.drivers.access_reviews import ApiResource
from acceptance.domains.rbac.drivers.roles import Binding, RbacObjects, Role, Rule, Subject
from acceptance.domains.rbac.judged_subjects import judged_subjects
from acceptance.domains.rbac.permission_table import COLUMNS, PermissionGrant, read_grants
from acceptance.errors import BrokenInput
from acceptance.project import ROOT
from tests.fakes.rbac_cluster import of_manifests
from tests.support.committed_manifests import committed

VERSION = "v1.34.4"


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
        [COLUMNS, ("add-on everybody", "get", "pods", "here")],
        [COLUMNS, ("user a", "get", "pods", "in ")],
    ],
)
def test_an_unreadable_table_is_broken_input(rows: Sequence[Sequence[str]]) -> None:
    """No row, other columns, other words: a permission is never skipped silently."""
    with pytest.raises(BrokenInput):
        read_grants(rows)


def test_the_table_of_the_feature_can_be_read() -> None:
    """The scenario that has it would otherwise fail only after a cluster has started."""
    rows = read_tables(ROOT)["Everybody has exactly the permissions in the table"]
    assert PermissionGrant("role operator", ("delete",), ("pods",), ("here",)) in read_grants(rows)


def test_the_manifests_give_what_the_table_of_the_feature_says() -> None:
    """With what Kubernetes brings: nothing is missing, nothing is too much, everybody has a row."""
    policy = load_default_policy()
    own = of_manifests(
        committed("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"),
        {"local-path-provisioner": "local-path-storage"},
    )
    objects = RbacObjects(
        (*(Role(key, rules) for key, rules in policy.roles.items()), *own.roles),
        (
            *(
                Binding(
                    key,
                    key.partition(" ")[2].rpartition("/")[0],
                    role,
                    tuple(_subject(each) for each in subjects),
                )
                for key, (role, subjects) in policy.bindings.items()
            ),
            *own.bindings,
        ),
    )
    names = {each: each for each in ("backend", "frontend", "database", "default")}
    subjects = judged_subjects(objects, "checkout", names)
    every = [each for role in objects.roles for each in role.rules]
    paths = tuple({path for each in every for path in each.paths if not path.endswith(("*", "/"))})
    namespaces = tuple({"checkout", *(each.namespace for each in objects.bindings)} - {""})
    facts = PermissionFacts(
        "checkout", namespaces, VERSION, objects, subjects, _resources(every), paths, {}
    )
    rows = read_tables(ROOT)["Everybody has exactly the permissions in the table"]
    faults = list(PermissionComparison(facts, policy, read_grants(rows)).faults())
    assert not faults, "\n".join(faults)


def _subject(named: str) -> Subject:
    kind, _, name = named.partition(" ")
    place, _, plain = name.rpartition("/")
    return Subject(kind, plain, place)


def _resources(rules: Sequence[Rule]) -> tuple[ApiResource, ...]:
    """Return every resource that a rule names, with the verbs that any rule has for it."""
    verbs: dict[tuple[str, str], set[str]] = {}
    for each in rules:
        for group in each.groups:
            for name in each.resources:
                verbs.setdefault((group, name), set()).update(each.verbs)
    cluster_wide = {"nodes", "namespaces", "persistentvolumes", "certificatesigningrequests"}
    return tuple(
        ApiResource(group, name, name.partition("/")[0] not in cluster_wide, tuple(sorted(found)))
        for (group, name), found in sorted(verbs.items())
        # Not served: an old group, and what only an admission plugin asks for.
        if group not in {"extensions", "*"} and "*" not in name and not name.endswith("/finalizers")
    )


def test_no_role_has_a_wildcard_and_nobody_is_an_administrator() -> None:
    """The platform's included; only the ingress and cert-manager read Secrets."""
    for role in committed("Role", "ClusterRole"):
        for each in role["rules"]:
            assert not [value for values in each.values() for value in values if "*" in value], role
            reads = "secrets" in each.get("resources", ())
            assert not reads or role["metadata"]["name"] in {"traefik-ingress", "cert-manager"}
    for found in committed("RoleBinding", "ClusterRoleBinding"):
        assert found["roleRef"]["name"] not in {"cluster-admin", "admin", "edit"}
