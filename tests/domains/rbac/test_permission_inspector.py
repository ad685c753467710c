from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from acceptance.build.manifests import RUN_LABEL
from acceptance.domains.rbac.drivers.access_reviews import Permission
from acceptance.domains.rbac.drivers.roles import Subject
from acceptance.domains.rbac.permissions import PermissionInspector
from acceptance.drivers.http import Reply
from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import Unverifiable
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

STAGING = f"checkout-staging-{SYSTEM.run}"
RESOURCES = [
    {"resource": "pods", "scope": "Namespaced", "verbs": ["get", "create"]},
    {"resource": "nodes", "scope": "Cluster", "verbs": ["get"]},
]


def bound(name: str, subject: dict[str, str], namespace: str = "") -> dict[str, Any]:
    """Return a binding to the ClusterRole reader."""
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    role = {"kind": "ClusterRole", "name": "reader"}
    return {"metadata": metadata, "roleRef": role, "subjects": [subject]}


class MadeUpCluster:
    """An API server with a role for reading pods, which bob has."""

    def __init__(self) -> None:
        """Nobody has changed anything."""
        bob = {"kind": "User", "name": "bob"}
        self.reviews = 0
        self.changes: Iterator[dict[str, Any]] = iter(())
        self.objects: dict[str, list[dict[str, Any]]] = {
            api_path("roles"): [],
            api_path("clusterroles"): [
                {
                    "metadata": {"name": "reader"},
                    "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
                }
            ],
            api_path("rolebindings"): [bound("other", {"kind": "User", "name": "eve"}, STAGING)],
            api_path("clusterrolebindings"): [bound("reader", bob)],
            api_path("serviceaccounts", SYSTEM.namespace): [{"metadata": {"name": "backend"}}],
            api_path("namespaces"): [
                {"metadata": {"name": name, "labels": {RUN_LABEL: SYSTEM.run}}}
                for name in (SYSTEM.namespace, "monitoring", STAGING)
            ],
        }

    def items(self, path: str) -> list[dict[str, Any]]:
        """Return the objects at a path."""
        return list(self.objects[path])

    def version(self) -> str:
        """Return a version whose defaults are known."""
        return "v1.34.4"

    def send(self, _: str, path: str, body: Mapping[str, Any] | None = None, **__: object) -> Reply:
        """Answer a review, and what there is."""
        found: dict[str, Any] = {"paths": ["/version", "/api/v1"]}
        if path in {"/api", "/apis"}:
            versions = [{"version": "v1", "resources": RESOURCES}] if path == "/api" else []
            groups = [{"metadata": {}, "versions": versions}]
            found = {"kind": "APIGroupDiscoveryList", "items": groups}
        elif body is not None:
            self.reviews += 1
            for change in self.changes:
                self.objects[api_path("clusterrolebindings")].append(change)
            wanted = body["spec"].get("resourceAttributes", {})
            allowed = body["spec"]["user"] == "bob" and (
                wanted.get("verb"),
                wanted["resource"],
            ) == (
                "get",
                "pods",
            )
            found = {"status": {"allowed": allowed and not wanted["subresource"]}}
        return Reply(200, (), json.dumps(found), 0.1)


def test_everybody_is_computed_and_asked_about() -> None:
    """But for whom a namespace of the run itself names; the evidence has all of them."""
    kept: dict[str, Any] = {}
    cluster = MadeUpCluster()
    context = context_of(
        SYSTEM, cluster, keep=lambda title, content, *_: kept.update({title: content})
    )
    inspector = PermissionInspector(context)
    facts = inspector.inspect_permissions()
    assert [subject.who for subject in facts.subjects] == [
        "everybody",
        "anonymous",
        "every service account",
        "service account backend",
        "user bob",
    ]
    assert facts.answers["user bob", Permission("get", "", "pods", "")]
    assert cluster.reviews == len(facts.answers)
    inspector.assert_answers_follow_from_roles(facts)
    shown = json.loads(kept["Who may do what"])
    assert shown["subjects"]["user bob"]["permitted"] == ["get pods in the whole cluster"]


def test_roles_that_change_meanwhile_leave_it_unverified() -> None:
    """What was asked and what was computed are not about the same."""
    cluster = MadeUpCluster()
    cluster.changes = iter([bound("late", {"kind": "Group", "name": "late"})])
    with pytest.raises(Unverifiable, match="changed while the API server was asked"):
        PermissionInspector(context_of(SYSTEM, cluster)).inspect_permissions()


def test_what_others_have_in_a_shared_cluster_is_left_out() -> None:
    """In a namespace that is not the system's."""
    cluster = MadeUpCluster()
    cluster.objects[api_path("rolebindings")] = [
        bound("theirs", {"kind": "User", "name": "eve"}, "monitoring")
    ]
    for driver, expected in (("existing", False), ("embedded", True)):
        context = context_of(replace(SYSTEM, driver=driver), cluster)
        subjects = PermissionInspector(context).inspect_permissions().subjects
        assert ("user eve" in {each.who for each in subjects}) is expected


def test_without_an_answer_it_is_unverified() -> None:
    """An API server that does not list the roles has not refused anybody."""

    class Silent(MadeUpCluster):
        def items(self, path: str) -> list[dict[str, Any]]:
            raise Refused(f"{path}: no")

    with pytest.raises(Unverifiable, match="Permissions cannot be checked"):
        PermissionInspector(context_of(SYSTEM, Silent())).inspect_permissions()


def test_a_subject_is_named_as_in_kubernetes() -> None:
    """With its kind, and an account with its namespace."""
    assert str(Subject("ServiceAccount", "a", "b")) == "ServiceAccount b/a"
    assert str(Subject("User", "a")) == "User a"
