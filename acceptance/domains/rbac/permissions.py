"""Compares what the API server allows to each account and role with the permission table."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.actor import Actor
from acceptance.domains.rbac import permission_table as table
from acceptance.domains.rbac.drivers import access_reviews
from acceptance.domains.rbac.drivers.access_reviews import Permission, RbacSubject
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.judgement import Unverifiable, listed, require

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from acceptance.domains.rbac.drivers.access_reviews import ApiResource, RoleBindingSubject
    from acceptance.domains.rbac.permission_table import PermissionGrant

ELSEWHERE = "default"
"""A namespace that every cluster has and that the system is never deployed to."""
_AUTHENTICATED = "system:authenticated"
_UNKNOWN_USER = "acceptance:stranger"
_BUILT_IN_GROUP = ".k8s.io"


@dataclass(frozen=True)
class PermissionAnswers:
    """What the API server said about every subject and permission."""

    subjects: tuple[RbacSubject, ...]
    bindings: tuple[RoleBindingSubject, ...]
    known: tuple[ApiResource, ...]
    asked: tuple[Permission, ...]
    """Asked about each subject."""
    allowed: dict[str, frozenset[Permission]]
    """The granted permissions by `RbacSubject.who`."""
    seconds: float


class PermissionInspector(Actor):
    """Asks the API server for every permission, instead of trusting manifests."""

    def ask_all_permissions(self) -> PermissionAnswers:
        """Ask for every verb on every resource, for all service accounts and roles."""
        started = time.monotonic()
        own = self.system.namespace
        try:
            bindings = access_reviews.role_bindings(self._cluster, own)
            subjects = (
                RbacSubject(table.EVERYBODY, _UNKNOWN_USER, (_AUTHENTICATED,)),
                *self._service_accounts(),
                *self._guests(bindings),
                *_roles(bindings),
            )
            known = access_reviews.resources(self._cluster)
            named = access_reviews.named_objects(self._cluster)
            paths = access_reviews.non_resource_paths(self._cluster)
            asked = access_reviews.every_permission(known, paths, named, (own, ELSEWHERE))
            allowed = access_reviews.allowed(self._cluster, subjects, asked)
        except Refused as error:
            message = f"Permissions cannot be checked: {error}."
            remedy = "Try: kubectl auth can-i create subjectaccessreviews"
            raise Unverifiable(f"{message} {remedy}") from error
        seconds = time.monotonic() - started
        answers = PermissionAnswers(subjects, bindings, known, asked, allowed, seconds)
        self._keep("Who may do what", pretty(self._shown(answers)))
        return answers

    def assert_permissions_match_table(
        self, answers: PermissionAnswers, grants: Sequence[PermissionGrant]
    ) -> None:
        """Every subject has exactly the permissions that the table grants it."""
        require(answers.asked, "The API server lists no resource, so no permission was checked.")
        faults = [
            *self._unlisted(answers, grants),
            *_unknown(answers, grants),
            *(
                fault
                for subject in answers.subjects
                for fault in self._differences(subject, answers, grants)
            ),
        ]
        require(
            not faults,
            f"{listed(faults)}. Try: compare the roles in manifests with the permission table.",
        )

    def _service_accounts(self) -> Iterator[RbacSubject]:
        """Yield those of the namespace; one with a workload's name is called as the part is."""
        namespace = self.system.namespace
        parts = {self.system.named(part): part for part in ("backend", "frontend", "database")}
        for found in self._cluster.items(api_path("serviceaccounts", namespace)):
            name = found["metadata"]["name"]
            yield RbacSubject(
                table.SERVICE_ACCOUNT + parts.get(name, name),
                f"system:serviceaccount:{namespace}:{name}",
                ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", _AUTHENTICATED),
            )

    def _guests(self, bindings: Sequence[RoleBindingSubject]) -> Iterator[RbacSubject]:
        """Yield the service accounts of other namespaces that have a role in this one."""
        found = {
            (each.namespace, each.subject)
            for each in bindings
            if each.kind == "ServiceAccount" and each.namespace != self.system.namespace
        }
        for namespace, name in sorted(found):
            groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")
            yield RbacSubject(
                f"{table.SERVICE_ACCOUNT}{namespace}/{name}",
                f"system:serviceaccount:{namespace}:{name}",
                (*groups, _AUTHENTICATED),
            )

    def _unlisted(
        self, answers: PermissionAnswers, grants: Sequence[PermissionGrant]
    ) -> Iterator[str]:
        """Name subjects without a row, and rows without a subject."""
        named = {grant.who for grant in grants}
        there = {subject.who for subject in answers.subjects}
        for who in sorted(there - named):
            yield f"the permission table has no row for {who}"
        for who in sorted(named - there - {table.EVERY_SERVICE_ACCOUNT}):
            # A guest that is not there has no role here, and nothing to compare.
            if "/" not in who:
                yield f"the permission table has a row for {who}, which is not in the cluster"
        for each in answers.bindings:
            if each.kind not in {"Group", "ServiceAccount"}:
                yield (
                    f"the role binding {each.name} gives the role {each.role} to the {each.kind} "
                    f"{each.subject}, who is not in the permission table"
                )

    def _differences(
        self, subject: RbacSubject, answers: PermissionAnswers, grants: Sequence[PermissionGrant]
    ) -> Iterator[str]:
        """Name permissions beyond the subject's rows, and those in its rows that it lacks."""
        own = [grant for grant in grants if _is_for(grant, subject)]
        granted = frozenset(
            permission
            for grant in own
            for resource in grant.resources
            for permission in _granted(resource, grant, answers, self.system.namespace)
        )
        allowed = answers.allowed[subject.who]
        yield from self._worded(subject, "may", allowed - granted, "which the table does not grant")
        yield from self._worded(subject, "may not", granted - allowed, "which the table grants")

    def _worded(
        self, subject: RbacSubject, verdict: str, permissions: frozenset[Permission], why: str
    ) -> Iterator[str]:
        verbs: dict[tuple[str, str], list[str]] = {}
        for permission in sorted(
            permissions, key=lambda each: (each.resource, each.namespace, each.verb)
        ):
            verbs.setdefault((_resource_name(permission), self._place(permission)), []).append(
                permission.verb
            )
        for (thing, place), each in verbs.items():
            yield f"{subject.who} {verdict} {', '.join(each)} {thing} {place}, {why}"

    def _place(self, permission: Permission) -> str:
        if permission.resource.startswith("/"):
            return "of the API server"
        return f"in {permission.namespace}" if permission.namespace else "in the whole cluster"

    def _shown(self, answers: PermissionAnswers) -> dict[str, object]:
        return {
            "questions": len(answers.asked) * len(answers.subjects),
            "seconds": round(answers.seconds, 1),
            "resources": [str(each) for each in answers.known],
            "subjects": {each.who: [each.user, *each.groups] for each in answers.subjects},
            "allowed": {
                who: sorted(
                    f"{each.verb} {_resource_name(each)} {self._place(each)}" for each in found
                )
                for who, found in answers.allowed.items()
            },
        }


def _roles(bindings: Iterable[RoleBindingSubject]) -> Iterator[RbacSubject]:
    """Yield a subject for each role and each group that it is bound to."""
    groups: dict[str, list[str]] = {}
    for each in bindings:
        if each.kind == "Group":
            groups.setdefault(each.role, []).append(each.subject)
    for role, names in sorted(groups.items()):
        for group in sorted(set(names)):
            extra = "" if len(set(names)) == 1 else f" of {group}"
            yield RbacSubject(f"{table.ROLE}{role}{extra}", _UNKNOWN_USER, (group, _AUTHENTICATED))


def _is_for(grant: PermissionGrant, subject: RbacSubject) -> bool:
    every = subject.who.startswith(table.SERVICE_ACCOUNT)
    return grant.who in {subject.who, table.EVERYBODY} or (
        every and grant.who == table.EVERY_SERVICE_ACCOUNT
    )


def _granted(
    resource: str, grant: PermissionGrant, answers: PermissionAnswers, own: str
) -> Iterator[Permission]:
    """Yield the permissions, of those that were asked for, that a resource of a row grants."""
    group, name, single = _resolved(resource, answers.known) or ("", resource, "")
    for permission in answers.asked:
        if permission.verb not in grant.verbs or (
            grant.where == "here" and permission.namespace != own
        ):
            continue
        if permission.resource.startswith("/"):
            if _covers(resource, permission.resource):
                yield permission
        elif (permission.group, permission.resource) == (group, name) and single in {
            "",
            permission.name,
        }:
            yield permission


def _resolved(resource: str, known: Sequence[ApiResource]) -> tuple[str, str, str] | None:
    """Return group, name and object name of a resource of the table; None if it is unknown.

    A plain name means the core group, else the only built-in group that has it.
    """
    plain, _, single = resource.rstrip(")").partition("(")
    exact = [each for each in known if plain in {str(each), each.name if not each.group else ""}]
    same = [each for each in known if each.name == plain]
    built_in = [
        each for each in same if each.group.endswith(_BUILT_IN_GROUP) or "." not in each.group
    ]
    for found in (exact, built_in, same):
        if len(found) == 1:
            return found[0].group, found[0].name, single
    return None


def _unknown(answers: PermissionAnswers, grants: Sequence[PermissionGrant]) -> Iterator[str]:
    """Name what the table grants and the API server does not have."""
    for resource in sorted({each for grant in grants for each in grant.resources}):
        if resource.startswith("/"):
            continue
        if _resolved(resource, answers.known) is None:
            yield f"the permission table grants {resource}, which the API server does not have"


def _covers(pattern: str, path: str) -> bool:
    """Whether a rule for `pattern` covers `path` (RBAC: nonResourceURLs)."""
    if pattern.endswith("*"):
        return path.startswith(pattern[:-1])
    return path == pattern


def _resource_name(permission: Permission) -> str:
    thing = permission.resource
    if permission.group:
        plain, slash, part = thing.partition("/")
        thing = f"{plain}.{permission.group}{slash}{part}"
    return f"{thing} {permission.name}" if permission.name else thing
