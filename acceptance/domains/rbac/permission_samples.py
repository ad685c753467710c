"""Chooses what the API server is asked about, and compares its answers with the computation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.domains.rbac.drivers.access_reviews import every_permission
from acceptance.domains.rbac.effective_permissions import MASTERS, covered, permissions
from acceptance.domains.rbac.escalation import RIGHTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from acceptance.domains.rbac.drivers.access_reviews import (
        ApiResource,
        Permission,
        RbacSubject,
    )
    from acceptance.domains.rbac.drivers.roles import RbacObjects
    from acceptance.domains.rbac.judged_subjects import JudgedSubject

ELSEWHERE = "default"
"""A namespace that every cluster has and that the system is never deployed to."""


def questions(
    objects: RbacObjects,
    subjects: Sequence[JudgedSubject],
    known: Sequence[ApiResource],
    paths: Sequence[str],
    own: str,
) -> tuple[tuple[RbacSubject, Permission], ...]:
    """Return what to ask: everything about those who must have a row, and samples of the others.

    Everything is what can be asked for in the namespace `own` and in the whole cluster. A sample is
    one permission of each scope in which somebody has any, and every right that amounts to others,
    whether they have it or not. These are asked for in another namespace too.
    """
    every = every_permission(known, paths, objects.named_objects, (own,))
    elsewhere = every_permission(known, (), (), (ELSEWHERE,))
    rights = (*_escalating(every, own), *_escalating(elsewhere, ELSEWHERE))
    found = []
    for subject in subjects:
        scopes: dict[str, Permission] = {}
        for each in sorted(permissions(objects, subject.rbac, known, paths), key=str):
            scopes.setdefault(each.namespace, each)
        asked = dict.fromkeys((*scopes.values(), *rights, *(every if subject.expected else ())))
        found += [(subject.rbac, each) for each in asked]
    return tuple(found)


def contradictions(
    objects: RbacObjects,
    subjects: Sequence[JudgedSubject],
    known: Sequence[ApiResource],
    paths: Sequence[str],
    answers: Mapping[tuple[str, Permission], bool],
) -> Iterator[str]:
    """Yield each answer of the API server that does not follow from the roles and bindings."""
    asked: dict[str, list[Permission]] = {}
    for who, permission in answers:
        asked.setdefault(who, []).append(permission)
    for subject in subjects:
        if MASTERS in subject.rbac.groups:
            continue  # permitted everything before any role is looked at
        permitted = permissions(objects, subject.rbac, known, paths)
        for each in asked.get(subject.who, ()):
            answer = answers[subject.who, each]
            if answer == covered(each, permitted):
                continue
            what = f"{each.verb} {each.thing} {each.place}"
            yield (
                f"the API server permits {subject.who} to {what}, though no role does"
                if answer
                else f"the API server refuses {subject.who} to {what}, though a role permits it"
            )


def _escalating(every: Sequence[Permission], namespace: str) -> Iterator[Permission]:
    """Yield one permission for each right: in a namespace, if it is one for namespaces."""
    for right in RIGHTS:
        found = [
            each
            for each in every
            if each.verb in right.verbs
            and each.group == right.group
            and (each.resource in right.resources or right.resources == {"*"})
            and not each.name
        ]
        yield from sorted(found, key=lambda each: each.namespace != namespace)[:1]
