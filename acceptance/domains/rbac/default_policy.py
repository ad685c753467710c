"""Recognises the roles and bindings that Kubernetes brings, by their subjects and rules.

Their names and the label `kubernetes.io/bootstrapping: rbac-defaults` prove nothing, because
anybody may use them. The API server adds at its start what is missing, and never removes what was
added.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.domains.rbac.drivers.access_reviews import Permission
from acceptance.domains.rbac.drivers.roles import Rule, parse_rule
from acceptance.domains.rbac.effective_permissions import (
    AUTHENTICATED,
    EVERY_ACCOUNT,
    UNAUTHENTICATED,
)
from acceptance.domains.rbac.escalation import amounts_to

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from acceptance.domains.rbac.drivers.roles import Binding, RbacObjects, Role, Subject

_FILE = Path(__file__).with_name("default_policy.json")
_FOR_EVERYBODY = frozenset({AUTHENTICATED, UNAUTHENTICATED, EVERY_ACCOUNT})
_AGGREGATED = frozenset({"ClusterRole view", "ClusterRole edit", "ClusterRole admin"})
"""What an add-on brings for its own kinds of objects belongs into these."""


@dataclass(frozen=True)
class DefaultPolicy:
    """What several minor versions of Kubernetes bring, together."""

    versions: tuple[str, ...]
    """Such as 1.34."""
    bindings: Mapping[str, tuple[str, frozenset[str]]]
    """(role, subjects) by the key of a binding."""
    roles: Mapping[str, tuple[Rule, ...]]

    def knows(self, version: str) -> bool:
        """Whether it has what a server of this version brings (v1.34.4+k3s1)."""
        return ".".join(version.removeprefix("v").split(".")[:2]) in self.versions

    def has(self, binding: Binding, subject: Subject) -> bool:
        """Whether Kubernetes itself gives this subject this role by this binding."""
        role, subjects = self.bindings.get(binding.key, ("", frozenset()))
        return binding.role == role and str(subject) in subjects

    def is_for_component(self, binding: Binding, subject: Subject) -> bool:
        """Whether it is what one of Kubernetes' own components needs, and nobody else has."""
        return self.has(binding, subject) and subject.name not in _FOR_EVERYBODY

    def additions(self, role: Role) -> Iterator[Permission]:
        """Yield what was added to a role of Kubernetes; nothing for any other role."""
        own = self.roles.get(role.key)
        if own is None:
            return
        groups = {group for rule in own for group in rule.groups}
        for rule in role.rules:
            for each in _atoms(rule):
                if any(_permits(known, each) for known in own):
                    continue
                foreign = each.group not in {*groups, "*"}
                if role.key in _AGGREGATED and foreign and not amounts_to(each):
                    continue
                yield each


def load_default_policy() -> DefaultPolicy:
    """Return what the versions of Kubernetes bring that the suite knows.

    Source: testdata of k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy of each
    version, with what feature gates add.
    """
    found = json.loads(_FILE.read_text(encoding="utf-8"))
    return DefaultPolicy(
        tuple(found["versions"]),
        {
            key: (each["role"], frozenset(each["subjects"]))
            for key, each in found["bindings"].items()
        },
        {key: tuple(map(parse_rule, rules)) for key, rules in found["roles"].items()},
    )


def changed_defaults(objects: RbacObjects, policy: DefaultPolicy) -> dict[str, list[Permission]]:
    """Return what was added to the roles of Kubernetes, by the key of the role."""
    found = {role.key: sorted(policy.additions(role), key=str) for role in objects.roles}
    return {key: added for key, added in found.items() if added}


def claimed_defaults(objects: RbacObjects, policy: DefaultPolicy) -> tuple[str, ...]:
    """Return the roles and bindings that have Kubernetes' label and are not known as its own."""
    return (
        *(
            each.key
            for each in objects.roles
            if each.claims_default and each.key not in policy.roles
        ),
        *(
            each.key
            for each in objects.bindings
            if each.claims_default and each.key not in policy.bindings
        ),
    )


def _atoms(rule: Rule) -> Iterator[Permission]:
    """Yield each combination that a rule lists, wildcards as they are."""
    for verb in rule.verbs:
        for path in rule.paths:
            yield Permission(verb, "", path if path.startswith("/") else f"/{path}", "")
        for group in rule.groups:
            for resource in rule.resources:
                for name in rule.names or ("",):
                    yield Permission(verb, group, resource, "", name)


def _permits(rule: Rule, wanted: Permission) -> bool:
    def has(values: tuple[str, ...], value: str) -> bool:
        return "*" in values or value in values

    if not has(rule.verbs, wanted.verb):
        return False
    if wanted.resource.startswith("/"):
        return any(
            path in {wanted.resource, "*"}
            or (path.endswith("*") and wanted.resource.startswith(path[:-1]))
            for path in rule.paths
        )
    _, slash, part = wanted.resource.partition("/")
    resource = has(rule.resources, wanted.resource) or (slash and f"*/{part}" in rule.resources)
    return (
        has(rule.groups, wanted.group)
        and bool(resource)
        and (not rule.names or wanted.name in rule.names)
    )
