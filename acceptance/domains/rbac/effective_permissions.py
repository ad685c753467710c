"""Computes what RBAC permits to a subject, from all roles and bindings of a cluster.

It follows the authorizer of Kubernetes (component-helpers, auth/rbac/validation): permissions only
add up, and a wildcard covers what exists as well as what is added later.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from acceptance.domains.rbac.drivers.access_reviews import PATH_VERBS, Permission, RbacSubject
from acceptance.domains.rbac.drivers.roles import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from acceptance.domains.rbac.drivers.access_reviews import ApiResource
    from acceptance.domains.rbac.drivers.roles import Binding, RbacObjects, Rule, Subject

AUTHENTICATED = "system:authenticated"
UNAUTHENTICATED = "system:unauthenticated"
ANONYMOUS = "system:anonymous"
EVERY_ACCOUNT = "system:serviceaccounts"
MASTERS = "system:masters"
"""A group that every request is permitted to, whatever the roles say."""
UNKNOWN_USER = "acceptance:stranger"
_IMPERSONATE = "impersonate"
_IMPERSONATION_GROUP = "authentication.k8s.io"


def identity(subject: Subject, who: str) -> RbacSubject:
    """Return the user and the groups of somebody whom a binding names `subject`."""
    if subject.kind == "ServiceAccount":
        return account(subject.namespace, subject.name, who)
    if subject.kind == "User":
        return RbacSubject(who, subject.name, (AUTHENTICATED,))
    if subject.name == UNAUTHENTICATED:
        return RbacSubject(who, ANONYMOUS, (UNAUTHENTICATED,))
    groups = [subject.name]
    if subject.name.startswith(f"{EVERY_ACCOUNT}:"):
        groups.append(EVERY_ACCOUNT)
    return RbacSubject(who, UNKNOWN_USER, tuple(dict.fromkeys((*groups, AUTHENTICATED))))


def account(namespace: str, name: str, who: str) -> RbacSubject:
    """Return the user and the groups of a service account."""
    groups = (EVERY_ACCOUNT, f"{EVERY_ACCOUNT}:{namespace}", AUTHENTICATED)
    return RbacSubject(who, f"{ACCOUNT}{namespace}:{name}", groups)


def applies(bound: Subject, subject: RbacSubject) -> bool:
    """Return whether a binding to `bound` is for somebody with this user and these groups."""
    if bound.kind == "Group":
        return bound.name in subject.groups
    if bound.kind == "User":
        return bound.name == subject.user
    return subject.user == f"{ACCOUNT}{bound.namespace}:{bound.name}"


def permissions(
    objects: RbacObjects,
    subject: RbacSubject,
    known: Sequence[ApiResource],
    paths: Sequence[str],
    counts: Callable[[Binding, Subject], bool] = lambda _binding, _subject: True,
) -> frozenset[Permission]:
    """Return what the bindings that `counts` accepts permit to a subject.

    Only what the API server has is returned: resources of `known`, and `paths`.
    """
    rules = objects.rules
    found: set[Permission] = set()
    for binding in objects.bindings:
        if any(applies(bound, subject) and counts(binding, bound) for bound in binding.subjects):
            found |= expand(rules.get(binding.role, ()), binding.namespace, known, paths)
    return frozenset(found)


def expand(
    rules: Iterable[Rule], namespace: str, known: Sequence[ApiResource], paths: Sequence[str]
) -> frozenset[Permission]:
    """Return what rules permit in a namespace; in the whole cluster if it is empty."""
    return frozenset(each for rule in rules for each in _expanded(rule, namespace, known, paths))


def covered(permission: Permission, permitted: Collection[Permission]) -> bool:
    """Return whether one of `permitted` permits it: for all objects, or in the whole cluster."""
    return permission in permitted or any(wider in permitted for wider in _wider(permission))


def beyond(permitted: Iterable[Permission], limit: Collection[Permission]) -> frozenset[Permission]:
    """Return what is permitted and not within `limit`; of each, the widest form only."""
    found = {each for each in permitted if not covered(each, limit)}
    return frozenset(each for each in found if not any(wider in found for wider in _wider(each)))


def _wider(permission: Permission) -> Iterator[Permission]:
    """Yield the permissions that include another: all objects, the whole cluster, and both."""
    if permission.name:
        yield replace(permission, name="")
    if permission.namespace:
        yield replace(permission, namespace="")
    if permission.name and permission.namespace:
        yield replace(permission, name="", namespace="")


def _expanded(
    rule: Rule, namespace: str, known: Sequence[ApiResource], paths: Sequence[str]
) -> Iterator[Permission]:
    if not namespace:
        for path in paths:
            if any(_covers_path(pattern, path) for pattern in rule.paths):
                for verb in _verbs(rule, PATH_VERBS):
                    yield Permission(verb, "", path, "")
    for resource in known:
        if namespace and not resource.in_namespaces:
            continue
        if _has_group(rule, resource.group) and _has_resource(rule, resource.name):
            for verb in _verbs(rule, resource.verbs):
                for name in rule.names or ("",):
                    yield Permission(verb, resource.group, resource.name, namespace, name)
    yield from _impersonations(rule, namespace)


def _impersonations(rule: Rule, namespace: str) -> Iterator[Permission]:
    """Yield what discovery cannot list: any extra field of a user can be impersonated."""
    verbs = [verb for verb in rule.verbs if verb == "*" or verb.startswith(_IMPERSONATE)]
    if namespace or not verbs or not _has_group(rule, _IMPERSONATION_GROUP):
        return
    for resource in rule.resources:
        if resource.startswith("userextras/"):
            for name in rule.names or ("",):
                yield Permission(_IMPERSONATE, _IMPERSONATION_GROUP, resource, "", name)


def _verbs(rule: Rule, all_verbs: Iterable[str]) -> Iterator[str]:
    for verb in all_verbs:
        if "*" in rule.verbs or verb in rule.verbs:
            yield verb


def _has_group(rule: Rule, group: str) -> bool:
    return "*" in rule.groups or group in rule.groups


def _has_resource(rule: Rule, resource: str) -> bool:
    if "*" in rule.resources or resource in rule.resources:
        return True
    _, slash, part = resource.partition("/")
    return bool(slash) and f"*/{part}" in rule.resources


def _covers_path(pattern: str, path: str) -> bool:
    if pattern.endswith("*"):
        return path.startswith(pattern[:-1])
    return path == pattern
