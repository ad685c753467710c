"""Reads every role and role binding of a cluster.

The rules of an aggregated ClusterRole are those that the API server has put into it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from acceptance.drivers.kubernetes.client import Kubernetes

_DEFAULT = ("kubernetes.io/bootstrapping", "rbac-defaults")
ACCOUNT = "system:serviceaccount:"


@dataclass(frozen=True)
class Rule:
    """One rule of a role (PolicyRule of rbac.authorization.k8s.io/v1)."""

    verbs: tuple[str, ...]
    groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """The only objects that it is for; empty for all."""
    paths: tuple[str, ...] = ()
    """nonResourceURLs."""


@dataclass(frozen=True, order=True)
class Subject:
    """Whom a binding gives a role."""

    kind: str
    """User, Group or ServiceAccount."""
    name: str
    namespace: str = ""
    """Of a service account; empty for users and groups."""

    def __str__(self) -> str:
        """Name it as in `ServiceAccount kube-system/coredns`."""
        return _key(self.kind, self.namespace, self.name)


@dataclass(frozen=True)
class Role:
    """A Role or a ClusterRole."""

    key: str
    """Such as `ClusterRole view`, or `Role checkout/deployer`."""
    rules: tuple[Rule, ...]
    claims_default: bool = False
    """Whether it has the label of what Kubernetes brings, which anybody may set."""

    @property
    def namespace(self) -> str:
        """Its namespace; empty for a ClusterRole."""
        return self.key.removeprefix("Role ").partition("/")[0] if "/" in self.key else ""


@dataclass(frozen=True)
class Binding:
    """A RoleBinding or a ClusterRoleBinding."""

    key: str
    """Such as `RoleBinding checkout/deployer`."""
    namespace: str
    """Empty for a ClusterRoleBinding."""
    role: str
    """The key of its role."""
    subjects: tuple[Subject, ...]
    claims_default: bool = False
    """Whether it has the label of what Kubernetes brings, which anybody may set."""

    @property
    def role_name(self) -> str:
        """The name of the role, without kind and namespace."""
        return self.role.rpartition(" ")[2].rpartition("/")[2]


@dataclass(frozen=True)
class RbacObjects:
    """All roles and bindings of a cluster."""

    roles: tuple[Role, ...]
    bindings: tuple[Binding, ...]

    @property
    def rules(self) -> Mapping[str, tuple[Rule, ...]]:
        """The rules of each role by its key."""
        return {role.key: role.rules for role in self.roles}

    @property
    def named_objects(self) -> frozenset[tuple[str, str, str]]:
        """(group, resource, name) of each object that a role names."""
        return frozenset(
            (group, resource, name)
            for role in self.roles
            for rule in role.rules
            for group in rule.groups
            for resource in rule.resources
            for name in rule.names
        )


def read_rbac(cluster: Kubernetes) -> RbacObjects:
    """Return every role and binding of all namespaces; raises `Refused`."""
    return RbacObjects(
        tuple(role for kind in ("roles", "clusterroles") for role in _roles(cluster, kind)),
        tuple(
            parse_binding(found, kind)
            for kind, path in (
                ("RoleBinding", "rolebindings"),
                ("ClusterRoleBinding", "clusterrolebindings"),
            )
            for found in cluster.items(api_path(path))
        ),
    )


def namespace_labels(cluster: Kubernetes) -> Mapping[str, Mapping[str, str]]:
    """Return the labels of every namespace by its name; raises `Refused`."""
    return {
        found["metadata"]["name"]: found["metadata"].get("labels") or {}
        for found in cluster.items(api_path("namespaces"))
    }


def parse_rule(found: Mapping[str, Any]) -> Rule:
    """Return a rule of the API's."""

    def values(field: str) -> tuple[str, ...]:
        return tuple(found.get(field) or ())

    return Rule(
        verbs=values("verbs"),
        groups=values("apiGroups"),
        resources=values("resources"),
        names=values("resourceNames"),
        paths=values("nonResourceURLs"),
    )


def parse_role(found: Mapping[str, Any], kind: str) -> Role:
    """Return a role of the API's; lists of the API leave the kind out."""
    metadata = found["metadata"]
    key = _key(kind, metadata.get("namespace", ""), metadata["name"])
    return Role(key, tuple(map(parse_rule, found.get("rules") or ())), _claims_default(metadata))


def parse_binding(found: Mapping[str, Any], kind: str) -> Binding:
    """Return a binding of the API's; lists of the API leave the kind out."""
    metadata, role = found["metadata"], found["roleRef"]
    namespace = metadata.get("namespace", "") if kind == "RoleBinding" else ""
    return Binding(
        _key(kind, namespace, metadata["name"]),
        namespace,
        _key(role["kind"], namespace if role["kind"] == "Role" else "", role["name"]),
        tuple(_subject(each, namespace) for each in found.get("subjects") or ()),
        _claims_default(metadata),
    )


def _roles(cluster: Kubernetes, path: str) -> Iterator[Role]:
    kind = "Role" if path == "roles" else "ClusterRole"
    for found in cluster.items(api_path(path)):
        yield parse_role(found, kind)


def _key(kind: str, namespace: str, name: str) -> str:
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def _subject(found: Mapping[str, Any], namespace: str) -> Subject:
    """Return a subject; a user with the user name of a service account is the account."""
    kind, name = found["kind"], found["name"]
    if kind == "ServiceAccount":
        return Subject(kind, name, found.get("namespace") or namespace)
    if kind == "User" and name.startswith(ACCOUNT) and name.count(":") == ACCOUNT.count(":") + 1:
        place, _, account = name.removeprefix(ACCOUNT).partition(":")
        return Subject("ServiceAccount", account, place)
    return Subject(kind, name)


def _claims_default(metadata: Mapping[str, Any]) -> bool:
    label, value = _DEFAULT
    return bool((metadata.get("labels") or {}).get(label) == value)
