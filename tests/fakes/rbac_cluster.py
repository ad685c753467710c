"""The roles and bindings of a made-up cluster, in few words."""

from __future__ import annotations

from typing import Any

from acceptance.domains.rbac.drivers.access_reviews import ApiResource
from acceptance.domains.rbac.drivers.roles import (
    Binding,
    RbacObjects,
    Role,
    Rule,
    Subject,
    parse_binding,
    parse_role,
)

BACKEND = Subject("ServiceAccount", "backend", "shop")
OPERATORS = Subject("Group", "operators")
BOB = Subject("User", "bob@example.org")
AUTHENTICATED = Subject("Group", "system:authenticated")
PATHS = ("/version", "/api/v1", "/metrics")
NAMESPACES = ("default", "kube-system", "shop")
KNOWN = tuple(
    ApiResource(group, name, namespaced, tuple(verbs.split()))
    for group, name, namespaced, verbs in (
        ("", "secrets", True, "get list watch create update"),
        ("", "pods", True, "get list create delete"),
        ("", "pods/exec", True, "create get"),
        ("", "namespaces", False, "get list"),
        ("", "nodes", False, "get list"),
        ("", "nodes/proxy", False, "get create"),
        ("", "events", True, "get create"),
        ("", "serviceaccounts", True, "get impersonate"),
        ("", "serviceaccounts/token", True, "create"),
        ("", "users", False, "impersonate"),
        ("", "groups", False, "impersonate"),
        ("apps", "deployments", True, "get patch"),
        ("apps", "deployments/scale", True, "patch"),
        ("events.k8s.io", "events", True, "get"),
        ("rbac.authorization.k8s.io", "clusterroles", False, "get bind escalate"),
        ("*", "*", True, "*"),
    )
)


def rule(verbs: str, resources: str = "", *, group: str = "", names: str = "") -> Rule:
    """Return a rule; a resource that begins with a slash is a path."""
    every = resources.split()
    plain = tuple(each for each in every if not each.startswith("/"))
    return Rule(
        tuple(verbs.split()),
        (group,) if plain else (),
        plain,
        tuple(names.split()),
        tuple(each for each in every if each.startswith("/")),
    )


def binding(
    name: str, role: str, *subjects: Subject, namespace: str = "", default: bool = False
) -> Binding:
    """Return a ClusterRoleBinding; with a namespace, a RoleBinding to a ClusterRole."""
    key = f"RoleBinding {namespace}/{name}" if namespace else f"ClusterRoleBinding {name}"
    return Binding(key, namespace, f"ClusterRole {role}", subjects, default)


def cluster(roles: dict[str, tuple[Rule, ...]], *bindings: Binding) -> RbacObjects:
    """Return ClusterRoles by their names, and the bindings."""
    made = tuple(Role(f"ClusterRole {name}", rules) for name, rules in roles.items())
    return RbacObjects(made, bindings)


def of_manifests(objects: list[dict[str, Any]], namespaces: dict[str, str]) -> RbacObjects:
    """Return what manifests define; `namespaces` has that of an object without one, by its name."""
    placed = [
        each
        | {
            "metadata": {"namespace": namespaces.get(each["metadata"]["name"], "checkout")}
            | each["metadata"]
        }
        for each in objects
    ]
    for each in placed:
        if each["kind"].startswith("Cluster"):
            del each["metadata"]["namespace"]
    return RbacObjects(
        tuple(parse_role(each, each["kind"]) for each in placed if each["kind"].endswith("Role")),
        tuple(
            parse_binding(each, each["kind"])
            for each in placed
            if each["kind"].endswith("RoleBinding")
        ),
    )
