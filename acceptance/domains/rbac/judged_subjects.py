"""Finds everybody whose permissions are judged: whom any binding of the cluster names, and more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from acceptance.domains.rbac import permission_table as table
from acceptance.domains.rbac.drivers.roles import RbacObjects, Subject
from acceptance.domains.rbac.effective_permissions import (
    ANONYMOUS,
    AUTHENTICATED,
    EVERY_ACCOUNT,
    UNAUTHENTICATED,
    account,
    applies,
    identity,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from acceptance.domains.rbac.drivers.access_reviews import RbacSubject

CLASSES = {
    Subject("Group", AUTHENTICATED): table.EVERYBODY,
    Subject("Group", UNAUTHENTICATED): table.ANONYMOUS,
    Subject("User", ANONYMOUS): table.ANONYMOUS,
    Subject("Group", EVERY_ACCOUNT): table.EVERY_SERVICE_ACCOUNT,
}
"""The names in the table of those who are nobody in particular."""


@dataclass(frozen=True)
class JudgedSubject:
    """Somebody whose permissions are compared with the table."""

    rbac: RbacSubject
    expected: bool
    """Whether the table needs a row, whatever the permissions are."""

    @property
    def who(self) -> str:
        """The name in the permission table."""
        return self.rbac.who


def judged_subjects(
    objects: RbacObjects, own: str, accounts: Mapping[str, str]
) -> tuple[JudgedSubject, ...]:
    """Return everybody, the service accounts of the namespace `own`, and whom a binding names.

    `accounts` has the name of each service account of `own` in the table, by its own name.
    """
    found = [
        JudgedSubject(identity(subject, who), expected=True)
        for subject, who in CLASSES.items()
        if subject.kind == "Group"
    ]
    found += [
        JudgedSubject(account(own, name, f"{table.SERVICE_ACCOUNT}{who}"), expected=True)
        for name, who in accounts.items()
    ]
    there = {(each.rbac.user, each.rbac.groups) for each in found}
    for subject in sorted({bound for each in objects.bindings for bound in each.subjects}):
        if subject in CLASSES:
            continue
        names = tuple(_roles_here(objects, subject, own)) if subject.kind == "Group" else ()
        for who in names or (_name(subject, own),):
            rbac = identity(subject, who)
            if names or (rbac.user, rbac.groups) not in there:
                found.append(JudgedSubject(rbac, expected=bool(names)))
    return tuple(found)


def without_other_tenants(
    objects: RbacObjects, own: str, namespaces: Collection[str], *, shared: bool
) -> RbacObjects:
    """Leave out the roles of other namespaces than `namespaces`, and what others have of theirs.

    In a cluster that is `shared` with others, what a binding in a namespace of theirs gives to them
    is their own matter.
    """
    bindings = []
    for binding in objects.bindings:
        if binding.namespace and binding.namespace not in namespaces:
            continue
        if binding.namespace in {"", own} or not shared:
            bindings.append(binding)
            continue
        subjects = tuple(each for each in binding.subjects if _reaches(each, own))
        bindings.append(replace(binding, subjects=subjects))
    kept = tuple(
        role for role in objects.roles if not role.namespace or role.namespace in namespaces
    )
    return RbacObjects(kept, tuple(bindings))


def _reaches(subject: Subject, own: str) -> bool:
    """Whether a subject is an account of the namespace, or a group that has all of these."""
    return subject in CLASSES or applies(subject, account(own, subject.name, ""))


def _roles_here(objects: RbacObjects, group: Subject, own: str) -> Iterator[str]:
    """Yield the name of a group by each role that it has in the namespace `own`."""
    holders: dict[str, set[str]] = {}
    for binding in objects.bindings:
        if binding.namespace == own:
            holders.setdefault(binding.role_name, set()).update(
                each.name for each in binding.subjects if each.kind == "Group"
            )
    for role, groups in sorted(holders.items()):
        if group.name in groups:
            extra = "" if len(groups) == 1 else f" of {group.name}"
            yield f"{table.ROLE}{role}{extra}"


def _name(subject: Subject, own: str) -> str:
    if subject.kind == "ServiceAccount":
        # One that does not exist yet has the permissions as soon as somebody creates it.
        place = "" if subject.namespace == own else f"{subject.namespace}/"
        return f"{table.SERVICE_ACCOUNT}{place}{subject.name}"
    return f"{table.USER if subject.kind == 'User' else table.GROUP}{subject.name}"
