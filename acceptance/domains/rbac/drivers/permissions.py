"""Asks the API server who may do what, for everything that it knows.

SelfSubjectRulesReview may leave rules out, so each right is asked for by a SubjectAccessReview
(Kubernetes documentation, "Authorization").
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.drivers.kubernetes.client import Refused
from acceptance.process import workers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object

REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
_ALL_AT_ONCE = "g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList"
_AGGREGATED = {
    "Accept": ",".join(f"application/json;{_ALL_AT_ONCE.format(v)}" for v in ("v2", "v2beta1"))
}
_AT_A_TIME = 4
_RBAC = "rbac.authorization.k8s.io"
# What is authorized and in no discovery: verbs of their own, users and groups, the kubelet's API.
_BEYOND: tuple[tuple[str, str, bool, tuple[str, ...]], ...] = (
    (_RBAC, "roles", True, ("bind", "escalate")),
    (_RBAC, "clusterroles", False, ("bind", "escalate")),
    ("", "users", False, ("impersonate",)),
    ("", "groups", False, ("impersonate",)),
    ("", "serviceaccounts", True, ("impersonate",)),
    ("authentication.k8s.io", "uids", False, ("impersonate",)),
    ("authentication.k8s.io", "userextras/scopes", False, ("impersonate",)),
    ("certificates.k8s.io", "signers", False, ("approve", "attest", "sign")),
    *(
        ("", f"nodes/{part}", False, ("get", "create"))
        for part in ("checkpoint", "configz", "healthz", "log", "metrics", "pods", "stats")
    ),
    # Only a rule with wildcards allows this.
    ("*", "*", True, ("*",)),
)
_PATH_VERBS = ("get", "post")


@dataclass(frozen=True)
class Resource:
    """A kind of thing that requests can be about, or a part of one."""

    group: str
    """Empty for the core group."""
    name: str
    """In the plural; a part behind a slash, as in pods/log."""
    namespaced: bool
    verbs: tuple[str, ...]

    def __str__(self) -> str:
        """Name it as kubectl does: deployments.apps."""
        plain, slash, part = self.name.partition("/")
        return f"{plain}.{self.group}{slash}{part}" if self.group else self.name


@dataclass(frozen=True)
class Right:
    """One thing that somebody may be allowed to do."""

    verb: str
    group: str
    resource: str
    """As in `Resource`; a path that begins with a slash for what is no resource."""
    namespace: str
    """Empty for the whole cluster."""
    name: str = ""
    """Of a single object; empty for any."""

    def review(self, subject: Subject) -> dict[str, Any]:
        """Return the SubjectAccessReview that asks for it."""
        spec: dict[str, Any] = {"user": subject.user, "groups": list(subject.groups)}
        if self.resource.startswith("/"):
            spec["nonResourceAttributes"] = {"path": self.resource, "verb": self.verb}
        else:
            resource, _, part = self.resource.partition("/")
            spec["resourceAttributes"] = {
                "verb": self.verb,
                "group": self.group,
                "resource": resource,
                "subresource": part,
                "namespace": self.namespace,
                "name": self.name,
            }
        return {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": spec,
        }


@dataclass(frozen=True)
class Subject:
    """Somebody who is asked for."""

    who: str
    """As the table of rights calls it."""
    user: str
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Binding:
    """A subject of a RoleBinding."""

    name: str
    """Of the RoleBinding."""
    role: str
    kind: str
    subject: str
    namespace: str
    """Of a service account; empty for users and groups."""


def resources(cluster: Kubernetes) -> tuple[Resource, ...]:
    """Return every resource that the API server knows, with its verbs.

    Raises `Refused` where it cannot tell all of them.
    """
    found: dict[tuple[str, str, bool], set[str]] = {}
    for path in ("/api", "/apis"):
        reply = cluster.send("GET", path, headers=_AGGREGATED)
        said = reply.json()
        if not reply.succeeded or said.get("kind") != "APIGroupDiscoveryList":
            raise Refused(f"{path} does not tell its resources: {reply}")
        for group in said["items"]:
            name = group["metadata"].get("name", "")
            for version in group["versions"]:
                if version.get("freshness") == "Stale":
                    raise Refused(f"the API {name}/{version['version']} does not answer")
                for each, verbs, namespaced in _discovered(version["resources"]):
                    found.setdefault((name, each, namespaced), set()).update(verbs)
    for name, each, namespaced, extra in _BEYOND:
        found.setdefault((name, each, namespaced), set()).update(extra)
    return tuple(Resource(*key, tuple(sorted(verbs))) for key, verbs in sorted(found.items()))


def paths(cluster: Kubernetes) -> tuple[str, ...]:
    """Return every path of the API server that is none of a resource's."""
    found = cluster.send("GET", "/").json()
    if not isinstance(found, dict) or not found.get("paths"):
        raise Refused("the API server does not tell its paths")
    apis = ("/api/", "/apis/")
    return tuple(sorted(each for each in found["paths"] if not each.startswith(apis)))


def named_objects(cluster: Kubernetes) -> frozenset[tuple[str, str, str]]:
    """Return (group, resource, name) of the objects that some role of the cluster names."""
    found = set()
    for kind in ("roles", "clusterroles"):
        for role in cluster.items(f"/apis/{_RBAC}/v1/{kind}"):
            for rule in role.get("rules") or ():
                found |= {
                    (group, resource, name)
                    for group in rule.get("apiGroups") or ()
                    for resource in rule.get("resources") or ()
                    for name in rule.get("resourceNames") or ()
                }
    return frozenset(found)


def bindings(cluster: Kubernetes, namespace: str) -> tuple[Binding, ...]:
    """Return every subject of every RoleBinding of a namespace."""
    return tuple(
        Binding(
            found["metadata"]["name"],
            found["roleRef"]["name"],
            subject["kind"],
            subject["name"],
            subject.get("namespace", ""),
        )
        for found in cluster.items(f"/apis/{_RBAC}/v1/namespaces/{namespace}/rolebindings")
        for subject in found.get("subjects") or ()
    )


def rights(
    known: Sequence[Resource],
    addresses: Sequence[str],
    named: Iterable[tuple[str, str, str]],
    namespaces: Sequence[str],
) -> tuple[Right, ...]:
    """Return all that can be asked for: in each of `namespaces`, and in the whole cluster."""
    names: dict[tuple[str, str], list[str]] = {}
    for group, resource, name in sorted(named):
        names.setdefault((group, resource), []).append(name)
    return tuple(
        [
            Right(verb, each.group, each.name, namespace, name)
            for each in known
            # A request about one namespace is authorized in that namespace.
            for namespace in (
                (*namespaces, "") if each.namespaced or each.name == "namespaces" else ("",)
            )
            for verb in each.verbs
            for name in ("", *names.get((each.group, each.name), ()))
        ]
        + [Right(verb, "", path, "") for path in addresses for verb in _PATH_VERBS]
    )


def allowed(
    cluster: Kubernetes, subjects: Sequence[Subject], asked: Sequence[Right]
) -> dict[str, frozenset[Right]]:
    """Return what each subject may do of `asked`, by the API server's own answers.

    Raises `Refused` if one cannot be had: no answer is not a no.
    """

    def ask(question: tuple[Subject, Right]) -> bool:
        subject, right = question
        reply = cluster.send("POST", REVIEWS, right.review(subject))
        if not reply.succeeded:
            raise Refused(f"the API server does not say what {subject.who} may do: {reply}")
        return bool(json.loads(reply.text)["status"].get("allowed"))

    questions = [(subject, right) for subject in subjects for right in asked]
    found: dict[str, set[Right]] = {subject.who: set() for subject in subjects}
    with workers(_AT_A_TIME) as pool:
        for (subject, right), answer in zip(questions, pool.map(ask, questions), strict=True):
            if answer:
                found[subject.who].add(right)
    return {who: frozenset(each) for who, each in found.items()}


def _discovered(listed: Sequence[Object]) -> Iterator[tuple[str, Sequence[str], bool]]:
    for resource in listed:
        namespaced = resource["scope"] == "Namespaced"
        yield resource["resource"], resource["verbs"], namespaced
        for part in resource.get("subresources") or ():
            yield f"{resource['resource']}/{part['subresource']}", part["verbs"], namespaced
