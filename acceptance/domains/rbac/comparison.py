"""Compares what is permitted to everybody with the permission table, both ways."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from acceptance.domains.rbac import permission_table as table
from acceptance.domains.rbac.default_policy import changed_defaults, claimed_defaults
from acceptance.domains.rbac.drivers.roles import Rule
from acceptance.domains.rbac.effective_permissions import (
    applies,
    beyond,
    expand,
    permissions,
)
from acceptance.domains.rbac.escalation import amounts_to
from acceptance.domains.rbac.judged_subjects import CLASSES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from acceptance.domains.rbac.default_policy import DefaultPolicy
    from acceptance.domains.rbac.drivers.access_reviews import ApiResource, Permission
    from acceptance.domains.rbac.drivers.roles import Binding, RbacObjects, Subject
    from acceptance.domains.rbac.judged_subjects import JudgedSubject
    from acceptance.domains.rbac.permission_table import PermissionGrant

_BUILT_IN_GROUP = ".k8s.io"
_SHOWN = 3


@dataclass(frozen=True)
class PermissionFacts:
    """What a cluster has, and what its API server said."""

    namespace: str
    """The namespace of the system."""
    namespaces: tuple[str, ...]
    """All of the cluster."""
    version: str
    objects: RbacObjects
    subjects: tuple[JudgedSubject, ...]
    known: tuple[ApiResource, ...]
    paths: tuple[str, ...]
    answers: Mapping[tuple[str, Permission], bool]
    """Whether the API server permits what it was asked for, by the subject's name."""


@dataclass(frozen=True)
class PermissionComparison:
    """Compares the facts about a cluster with the rows of the table."""

    facts: PermissionFacts
    policy: DefaultPolicy
    grants: tuple[PermissionGrant, ...]

    def faults(self) -> Iterator[str]:
        """Yield what is wrong, the worst first."""
        yield from self._without_subject()
        for subject in self.facts.subjects:
            if subject.who in self._named:
                yield from self._differences(subject)
            else:
                yield from self._unlisted(subject)
        yield from self._unknown_resources()
        if self.policy.knows(self.facts.version):
            yield from self._changed_defaults()

    def doubts(self) -> Iterator[str]:
        """Yield what cannot be judged, because the suite does not know this Kubernetes."""
        if self.policy.knows(self.facts.version):
            return
        objects = self.facts.objects
        for key in (
            *changed_defaults(objects, self.policy),
            *claimed_defaults(objects, self.policy),
        ):
            yield (
                f"whether {key} is what Kubernetes {self.facts.version} brings is not known, only "
                f"what {', '.join(self.policy.versions)} bring"
            )

    def _permitted(self, subject: JudgedSubject) -> frozenset[Permission]:
        """Return what is permitted to a subject itself.

        Without what everybody is permitted, which is compared once; and without what Kubernetes
        brings for one of its components.
        """
        facts = self.facts
        return permissions(
            facts.objects,
            subject.rbac,
            facts.known,
            facts.paths,
            lambda binding, bound: self._counts(subject, binding, bound),
        )

    def _counts(self, subject: JudgedSubject, binding: Binding, bound: Subject) -> bool:
        if CLASSES.get(bound, subject.who) != subject.who:
            return False
        if self.policy.is_for_component(binding, bound):
            return False
        unknown = binding.claims_default and not self.policy.knows(self.facts.version)
        return bound in CLASSES or not unknown

    @cached_property
    def _named(self) -> frozenset[str]:
        return frozenset(grant.who for grant in self.grants)

    def _without_subject(self) -> Iterator[str]:
        there = {subject.who for subject in self.facts.subjects}
        for grant in self.grants:
            # A guest that is not there has no role here, and nothing to compare.
            if grant.who not in there and "/" not in grant.who and not grant.at_most:
                yield f"the permission table has a row for {grant.who}, which is not in the cluster"

    def _differences(self, subject: JudgedSubject) -> Iterator[str]:
        """Name permissions beyond the subject's rows, and those in its rows that it lacks."""
        permitted = self._permitted(subject)
        for said in _worded(beyond(permitted, self._granted(self._rows(subject)))):
            yield f"{subject.who} may {said.text}, which the table does not grant{said.reason}"
        own = (each for each in self.grants if each.who == subject.who and not each.at_most)
        for said in _worded(beyond(self._granted(own), permitted)):
            yield f"{subject.who} may not {said.text}, which the table grants"

    def _rows(self, subject: JudgedSubject) -> Iterator[PermissionGrant]:
        return (grant for grant in self.grants if _is_for(grant, subject.who))

    def _unlisted(self, subject: JudgedSubject) -> Iterator[str]:
        said = _worded(beyond(self._permitted(subject), self._granted(self._rows(subject))))
        if not said and not subject.expected:
            return
        sentence = f"the permission table has no row for {subject.who}"
        if said:
            first = ", and ".join(f"{each.text}{each.reason}" for each in said[:_SHOWN])
            more = f", and {len(said) - _SHOWN} more" if len(said) > _SHOWN else ""
            sentence += f", who may {first}{more} by the {self._bindings(subject)}"
        yield sentence

    def _bindings(self, subject: JudgedSubject) -> str:
        """Name the bindings from which a subject has what Kubernetes does not give it."""
        found = []
        for binding in self.facts.objects.bindings:
            if any(
                applies(each, subject.rbac) and self._counts(subject, binding, each)
                for each in binding.subjects
            ):
                its_own = " (Kubernetes makes it for others)"
                found.append(binding.key + (its_own if binding.key in self.policy.bindings else ""))
        return " and the ".join(found)

    def _unknown_resources(self) -> Iterator[str]:
        """Name what the table grants and the API server does not have."""
        for grant in self.grants:
            for resource in grant.resources if not grant.at_most else ():
                if self._rule(resource, ()) is None:
                    what = "which the API server does not have"
                    yield f"the permission table grants {resource}, {what}"

    def _changed_defaults(self) -> Iterator[str]:
        for key, added in changed_defaults(self.facts.objects, self.policy).items():
            said = _worded(added)[0]
            yield (
                f"the {key}, which Kubernetes brings, was extended: it also permits to "
                f"{said.text}{said.reason}"
            )

    def _granted(self, grants: Iterable[PermissionGrant]) -> frozenset[Permission]:
        found: set[Permission] = set()
        for grant in grants:
            rules = [rule for each in grant.resources if (rule := self._rule(each, grant.verbs))]
            for place in self._places(grant):
                found |= expand(rules, place, self.facts.known, self.facts.paths)
        return frozenset(found)

    def _places(self, grant: PermissionGrant) -> tuple[str, ...]:
        """Return the namespaces of a row that are there; empty for the whole cluster."""
        places = {table.HERE: self.facts.namespace, table.EVERYWHERE: ""}
        found = (places.get(each, each) for each in grant.where)
        return tuple(each for each in found if not each or each in self.facts.namespaces)

    def _rule(self, resource: str, verbs: tuple[str, ...]) -> Rule | None:
        """Return the rule that a resource of the table stands for; None if there is none."""
        if resource == "*":
            return Rule(verbs, ("*",), ("*",), paths=("*",))
        if resource.startswith("/"):
            return Rule(verbs, paths=(resource,))
        plain, _, single = resource.rstrip(")").partition("(")
        found = _resource(plain, self.facts.known)
        if found is None:
            return None
        return Rule(verbs, (found.group,), (found.name,), (single,) if single else ())


@dataclass(frozen=True)
class _Worded:
    """Verbs on one thing in one place, and what they amount to."""

    text: str
    reason: str


def _worded(found: Collection[Permission]) -> list[_Worded]:
    """Return the permissions in words, those that amount to others first."""
    verbs: dict[tuple[str, str, str], list[str]] = {}
    everything = [each for each in found if (each.verb, each.group) == ("*", "*")]
    for each in sorted(everything or found, key=lambda p: (p.resource, p.namespace, p.verb)):
        verbs.setdefault((each.thing, each.place, amounts_to(each)), []).append(each.verb)
    said = [
        _Worded(
            f"{', '.join(dict.fromkeys(own))} {thing} {place}",
            f": it amounts to {what}" if what else "",
        )
        for (thing, place, what), own in verbs.items()
    ]
    return sorted(said, key=lambda each: not each.reason)


def _is_for(grant: PermissionGrant, who: str) -> bool:
    if grant.who == table.EVERY_SERVICE_ACCOUNT:
        return who.startswith((table.SERVICE_ACCOUNT, f"{table.GROUP}system:serviceaccounts:")) or (
            who == table.EVERY_SERVICE_ACCOUNT
        )
    if grant.who == table.EVERYBODY:
        return who != table.ANONYMOUS
    return grant.who == who


def _resource(plain: str, known: Sequence[ApiResource]) -> ApiResource | None:
    """Return the resource that the table calls so; None if there is none, or more than one.

    A plain name means the core group, else the only built-in group that has it.
    """
    exact = [each for each in known if plain in {str(each), each.name if not each.group else ""}]
    same = [each for each in known if each.name == plain]
    built_in = [
        each for each in same if each.group.endswith(_BUILT_IN_GROUP) or "." not in each.group
    ]
    for found in (exact, built_in, same):
        if len(found) == 1:
            return found[0]
    return None
