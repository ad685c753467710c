"""The inspector of rights: asks the cluster who may do what, and holds it against the table."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.actor import Actor
from acceptance.domains.rbac import permission_table as table
from acceptance.domains.rbac.drivers import permissions
from acceptance.domains.rbac.drivers.permissions import Right, Subject
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.judgement import Unverifiable, listed, require

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from acceptance.domains.rbac.drivers.permissions import Binding, Resource
    from acceptance.domains.rbac.permission_table import Grant

ELSEWHERE = "default"
"""A namespace that every cluster has and no system lives in."""
_SIGNED_IN = "system:authenticated"
_STRANGER = "acceptance:stranger"
_BUILT_IN = ".k8s.io"


@dataclass(frozen=True)
class Answers:
    """What the cluster said about everybody."""

    subjects: tuple[Subject, ...]
    bindings: tuple[Binding, ...]
    known: tuple[Resource, ...]
    asked: tuple[Right, ...]
    """Of each subject."""
    allowed: dict[str, frozenset[Right]]
    """By `Subject.who`."""
    seconds: float


class PermissionInspector(Actor):
    """Somebody who trusts no manifest about rights, and asks the API server for each of them."""

    def ask_everything(self) -> Answers:
        """Ask for every verb on every resource, for all service accounts and roles."""
        started = time.monotonic()
        own = self.system.namespace
        try:
            bindings = permissions.bindings(self._cluster, own)
            subjects = (
                Subject(table.EVERYBODY, _STRANGER, (_SIGNED_IN,)),
                *self._service_accounts(),
                *_roles(bindings),
            )
            known = permissions.resources(self._cluster)
            named = permissions.named_objects(self._cluster)
            addresses = permissions.paths(self._cluster)
            asked = permissions.rights(known, addresses, named, (own, ELSEWHERE))
            allowed = permissions.allowed(self._cluster, subjects, asked)
        except Refused as error:
            message = f"Who may do what is not known, because nobody could ask for it: {error}."
            remedy = "Try: kubectl auth can-i create subjectaccessreviews"
            raise Unverifiable(f"{message} {remedy}") from error
        seconds = time.monotonic() - started
        answers = Answers(subjects, bindings, known, asked, allowed, seconds)
        self._keep("Who may do what", pretty(self._shown(answers)))
        return answers

    def judge_table(self, answers: Answers, grants: Sequence[Grant]) -> None:
        """What is allowed is what the table grants: nothing more and nothing less."""
        require(answers.asked, "The API server knows no resource, so nothing was asked.")
        faults = [
            *self._strangers(answers, grants),
            *_unknown(answers, grants),
            *(
                fault
                for subject in answers.subjects
                for fault in self._differences(subject, answers, grants)
            ),
        ]
        require(not faults, f"{listed(faults)}. Try: compare manifests with the table of rights.")

    def _service_accounts(self) -> Iterator[Subject]:
        """Yield those of the namespace; one that is called as its workload has the part's name."""
        namespace = self.system.namespace
        parts = {self.system.named(part): part for part in ("backend", "frontend", "database")}
        for found in self._cluster.items(f"/api/v1/namespaces/{namespace}/serviceaccounts"):
            name = found["metadata"]["name"]
            yield Subject(
                table.SERVICE_ACCOUNT + parts.get(name, name),
                f"system:serviceaccount:{namespace}:{name}",
                ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", _SIGNED_IN),
            )

    def _strangers(self, answers: Answers, grants: Sequence[Grant]) -> Iterator[str]:
        """Word who has a right here and no row, and who has a row and is not here."""
        named = {grant.who for grant in grants}
        there = {subject.who for subject in answers.subjects}
        for who in sorted(there - named):
            yield f"the table of rights has no row for the {who}"
        for who in sorted(named - there - {table.EVERY_SERVICE_ACCOUNT}):
            yield f"the table of rights has the {who}, which nobody has here"
        for each in answers.bindings:
            own = each.kind == "ServiceAccount" and each.namespace == self.system.namespace
            if each.kind != "Group" and not own:
                yield (
                    f"the role binding {each.name} gives {each.role} to the {each.kind} "
                    f"{each.subject}, of whom the table of rights does not know"
                )

    def _differences(
        self, subject: Subject, answers: Answers, grants: Sequence[Grant]
    ) -> Iterator[str]:
        """Word what the subject may do beyond its rows, and what it may not in spite of them."""
        own = [grant for grant in grants if _is_for(grant, subject)]
        granted = frozenset(
            right
            for grant in own
            for resource in grant.resources
            for right in _meant(resource, grant, answers, self.system.namespace)
        )
        allowed = answers.allowed[subject.who]
        yield from self._worded(subject, "may", allowed - granted, "which nobody granted it")
        yield from self._worded(subject, "may not", granted - allowed, "which is granted to it")

    def _worded(
        self, subject: Subject, verdict: str, rights: frozenset[Right], why: str
    ) -> Iterator[str]:
        verbs: dict[tuple[str, str], list[str]] = {}
        for right in sorted(rights, key=lambda each: (each.resource, each.namespace, each.verb)):
            verbs.setdefault((_thing(right), self._place(right)), []).append(right.verb)
        for (thing, place), each in verbs.items():
            yield f"the {subject.who} {verdict} {', '.join(each)} {thing} {place}, {why}"

    def _place(self, right: Right) -> str:
        if right.resource.startswith("/"):
            return "of the API server"
        return f"in {right.namespace}" if right.namespace else "in the whole cluster"

    def _shown(self, answers: Answers) -> dict[str, object]:
        return {
            "questions": len(answers.asked) * len(answers.subjects),
            "seconds": round(answers.seconds, 1),
            "resources": [str(each) for each in answers.known],
            "subjects": {each.who: [each.user, *each.groups] for each in answers.subjects},
            "allowed": {
                who: sorted(f"{each.verb} {_thing(each)} {self._place(each)}" for each in found)
                for who, found in answers.allowed.items()
            },
        }


def _roles(bindings: Iterable[Binding]) -> Iterator[Subject]:
    """Yield one subject for each role that groups are bound to, with all of these groups."""
    groups: dict[str, list[str]] = {}
    for each in bindings:
        if each.kind == "Group":
            groups.setdefault(each.role, []).append(each.subject)
    for role, names in sorted(groups.items()):
        for group in sorted(set(names)):
            extra = "" if len(set(names)) == 1 else f" of {group}"
            yield Subject(f"{table.ROLE}{role}{extra}", _STRANGER, (group, _SIGNED_IN))


def _is_for(grant: Grant, subject: Subject) -> bool:
    every = subject.who.startswith(table.SERVICE_ACCOUNT)
    return grant.who in {subject.who, table.EVERYBODY} or (
        every and grant.who == table.EVERY_SERVICE_ACCOUNT
    )


def _meant(resource: str, grant: Grant, answers: Answers, own: str) -> Iterator[Right]:
    """Yield the rights that a resource of a row means, of those that were asked for."""
    group, name, single = _resolved(resource, answers.known) or ("", resource, "")
    for right in answers.asked:
        if right.verb not in grant.verbs or (grant.where == "here" and right.namespace != own):
            continue
        if right.resource.startswith("/"):
            if _covers(resource, right.resource):
                yield right
        elif (right.group, right.resource) == (group, name) and single in {"", right.name}:
            yield right


def _resolved(resource: str, known: Sequence[Resource]) -> tuple[str, str, str] | None:
    """Return group, name and single object of a resource as the table has it, None if unknown.

    A plain name means the core group, else the only built-in group that has it.
    """
    plain, _, single = resource.rstrip(")").partition("(")
    exact = [each for each in known if plain in {str(each), each.name if not each.group else ""}]
    same = [each for each in known if each.name == plain]
    built_in = [each for each in same if each.group.endswith(_BUILT_IN) or "." not in each.group]
    for found in (exact, built_in, same):
        if len(found) == 1:
            return found[0].group, found[0].name, single
    return None


def _unknown(answers: Answers, grants: Sequence[Grant]) -> Iterator[str]:
    """Word what the table grants and nobody asked for, because the API server does not have it."""
    for resource in sorted({each for grant in grants for each in grant.resources}):
        if resource.startswith("/"):
            continue
        if _resolved(resource, answers.known) is None:
            yield f"the table of rights grants {resource}, which the API server does not know"


def _covers(pattern: str, path: str) -> bool:
    """Whether a rule for `pattern` is about `path` (RBAC: nonResourceURLs)."""
    if pattern.endswith("*"):
        return path.startswith(pattern[:-1])
    return path == pattern


def _thing(right: Right) -> str:
    thing = right.resource
    if right.group:
        plain, slash, part = thing.partition("/")
        thing = f"{plain}.{right.group}{slash}{part}"
    return f"{thing} {right.name}" if right.name else thing
