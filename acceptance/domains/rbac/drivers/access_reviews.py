"""Asks the API server who may do what, by a SubjectAccessReview for each permission.

A SelfSubjectRulesReview may be incomplete (Kubernetes documentation, "Authorization").
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.kubernetes.discovery import served_apis
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.process import workers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object

_AT_A_TIME = 4
_RBAC = "rbac.authorization.k8s.io"
# Authorized, but not listed by discovery: special verbs, users and groups, the kubelet's API.
_UNLISTED: tuple[tuple[str, str, bool, tuple[str, ...]], ...] = (
    (_RBAC, "roles", True, ("bind", "escalate")),
    (_RBAC, "clusterroles", False, ("bind", "escalate")),
    ("", "users", False, ("impersonate",)),
    ("", "groups", False, ("impersonate",)),
    ("", "serviceaccounts", True, ("impersonate",)),
    ("authentication.k8s.io", "uids", False, ("impersonate",)),
    ("authentication.k8s.io", "userextras/scopes", False, ("impersonate",)),
    ("certificates.k8s.io", "signers", False, ("approve", "attest", "sign")),
    # Requests for certificates that the controller manager approves by itself.
    *(
        ("certificates.k8s.io", f"certificatesigningrequests/{part}", False, ("create",))
        for part in ("nodeclient", "selfnodeclient", "selfnodeserver")
    ),
    *(
        ("", f"nodes/{part}", False, ("get", "create"))
        for part in ("checkpoint", "configz", "healthz", "log", "metrics", "pods", "stats")
    ),
    # Only a rule with wildcards allows this.
    ("*", "*", True, ("*",)),
)
PATH_VERBS = ("get", "post")
"""The verbs that are asked for on paths that belong to no resource."""


@dataclass(frozen=True)
class ApiResource:
    """A resource of the API, or a subresource."""

    group: str
    """Empty for the core group."""
    name: str
    """In the plural; a subresource follows a slash, as in pods/log."""
    namespaced: bool
    verbs: tuple[str, ...]

    @property
    def in_namespaces(self) -> bool:
        """Whether a role in a namespace can permit it.

        A request for one namespace is authorized in that namespace.
        """
        return self.namespaced or self.name.partition("/")[0] == "namespaces"

    def __str__(self) -> str:
        """Name it as kubectl does: deployments.apps."""
        plain, slash, part = self.name.partition("/")
        return f"{plain}.{self.group}{slash}{part}" if self.group else self.name


@dataclass(frozen=True)
class Permission:
    """One verb on one resource or path, which RBAC allows or not."""

    verb: str
    group: str
    resource: str
    """As in `ApiResource`, or a path that begins with a slash (a nonResourceURL)."""
    namespace: str
    """Empty for the whole cluster."""
    name: str = ""
    """The name of the only object that it is for; empty for all objects."""

    @property
    def thing(self) -> str:
        """Name what it is on as kubectl does: pods/exec, deployments.apps, secrets key."""
        plain, slash, part = self.resource.partition("/")
        thing = f"{plain}.{self.group}{slash}{part}" if self.group else self.resource
        return f"{thing} {self.name}" if self.name else thing

    @property
    def place(self) -> str:
        """Where it is granted, in words that follow `may get pods`."""
        if self.resource.startswith("/"):
            return "of the API server"
        return f"in {self.namespace}" if self.namespace else "in the whole cluster"

    def review(self, subject: RbacSubject) -> dict[str, Any]:
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
class RbacSubject:
    """A user with groups, whose permissions are asked for."""

    who: str
    """The name in the permission table."""
    user: str
    groups: tuple[str, ...]


def resources(cluster: Kubernetes) -> tuple[ApiResource, ...]:
    """Return every resource of the API server, with its verbs.

    Raises `Refused` if one of its APIs cannot be listed.
    """
    found: dict[tuple[str, str, bool], set[str]] = {}
    for api in served_apis(cluster):
        if api.stale:
            raise Refused(f"the API {api} does not answer")
        for each, verbs, namespaced in _discovered(api.resources):
            found.setdefault((api.group, each, namespaced), set()).update(verbs)
    for name, each, namespaced, extra in _UNLISTED:
        found.setdefault((name, each, namespaced), set()).update(extra)
    return tuple(ApiResource(*key, tuple(sorted(verbs))) for key, verbs in sorted(found.items()))


def non_resource_paths(cluster: Kubernetes) -> tuple[str, ...]:
    """Return every path of the API server that belongs to no resource."""
    found = cluster.send("GET", "/").json()
    if not isinstance(found, dict) or not found.get("paths"):
        raise Refused("the API server does not list its paths")
    apis = ("/api/", "/apis/")
    return tuple(sorted(each for each in found["paths"] if not each.startswith(apis)))


def every_permission(
    known: Sequence[ApiResource],
    paths: Sequence[str],
    named: Iterable[tuple[str, str, str]],
    namespaces: Sequence[str],
) -> tuple[Permission, ...]:
    """Return all permissions there are: in each of `namespaces`, and in the whole cluster."""
    names: dict[tuple[str, str], list[str]] = {}
    for group, resource, name in sorted(named):
        names.setdefault((group, resource), []).append(name)
    return tuple(
        [
            Permission(verb, each.group, each.name, namespace, name)
            for each in known
            for namespace in ((*namespaces, "") if each.in_namespaces else ("",))
            for verb in each.verbs
            for name in ("", *names.get((each.group, each.name), ()))
        ]
        + [Permission(verb, "", path, "") for path in paths for verb in PATH_VERBS]
    )


def ask(
    cluster: Kubernetes, questions: Sequence[tuple[RbacSubject, Permission]]
) -> dict[tuple[str, Permission], bool]:
    """Return whether the API server grants each permission, by the subject's name.

    Raises `Refused` if the API server does not answer a question: no answer is not a no.
    """
    reviews = api_path("subjectaccessreviews")

    def answer(question: tuple[RbacSubject, Permission]) -> bool:
        subject, permission = question
        reply = cluster.send("POST", reviews, permission.review(subject))
        if not reply.succeeded:
            raise Refused(f"no answer about the permissions of {subject.who}: {reply}")
        return bool(json.loads(reply.text)["status"].get("allowed"))

    with workers(_AT_A_TIME) as pool:
        answers = tuple(pool.map(answer, questions))
    return {
        (subject.who, permission): granted
        for (subject, permission), granted in zip(questions, answers, strict=True)
    }


def _discovered(listed: Sequence[Object]) -> Iterator[tuple[str, Sequence[str], bool]]:
    for resource in listed:
        namespaced = resource["scope"] == "Namespaced"
        yield resource["resource"], resource["verbs"], namespaced
        for part in resource.get("subresources") or ():
            yield f"{resource['resource']}/{part['subresource']}", part["verbs"], namespaced
