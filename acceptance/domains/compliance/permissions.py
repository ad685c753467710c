"""Checks of roles, service accounts and tokens."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.compliance.check_result import (
    CheckResult,
    first_few,
    result_with_exceptions,
)
from acceptance.domains.compliance.drivers.node_shell import Unobservable
from acceptance.domains.compliance.drivers.snapshot import namespaced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acceptance.domains.compliance.check_result import CheckArguments
    from acceptance.domains.compliance.drivers.snapshot import ClusterSnapshot
    from acceptance.drivers.kubernetes.facts import Object

_BUILT_IN = ("kubernetes.io/bootstrapping", "rbac-defaults")
_GROUPS_OF_EVERYBODY = (
    "system:authenticated",
    "system:unauthenticated",
    "system:anonymous",
    "system:serviceaccounts",
)
_OWN = "kube-system"
_TOKENS = "/var/run/secrets/kubernetes.io/serviceaccount"
_SHORT = dt.timedelta(days=7)


@dataclass(frozen=True)
class RoleGrant:
    """A subject and a role that is bound to it."""

    subject: str
    """Such as ServiceAccount ingress/traefik."""
    role: str
    rules: tuple[Object, ...]
    built_in: bool
    """Whether Kubernetes itself made the binding, for one of its own components."""


def role_grants(snapshot: ClusterSnapshot) -> tuple[RoleGrant, ...]:
    """Return every role binding of the cluster by subject; raises `Unobservable` if none exists."""
    found = tuple(_grants(snapshot))
    if not found:
        raise Unobservable("the cluster has no role binding")
    return found


def no_permission(snapshot: ClusterSnapshot, arguments: CheckArguments) -> CheckResult:
    """Nobody has this permission but Kubernetes' components and those the catalogue allows."""
    verbs = set(arguments.text("verbs").split())
    # The core group has no name, so among others it is called "core".
    groups = {
        "" if each == "core" else each for each in arguments.text("group").split() or ["core"]
    }
    resources = set(arguments.text("resources").split())
    every = role_grants(snapshot)
    faults = {
        each.subject: f"may {' '.join(sorted(verbs))} {' '.join(sorted(resources))} by {each.role}"
        for each in every
        if not each.built_in
        for rule in each.rules
        if _covers(rule, verbs, groups, resources)
    }
    return result_with_exceptions(
        faults, arguments, f"none of {len(every)} role bindings grants it"
    )


def no_cluster_admin(snapshot: ClusterSnapshot, arguments: CheckArguments) -> CheckResult:
    """Nobody is cluster-admin but the group system:masters."""
    every = role_grants(snapshot)
    faults = {
        each.subject: "is cluster-admin"
        for each in every
        if each.role == "ClusterRole cluster-admin" and each.subject != "Group system:masters"
    }
    return result_with_exceptions(
        faults, arguments, f"of {len(every)} role bindings, one: to system:masters"
    )


def no_wildcards(snapshot: ClusterSnapshot, arguments: CheckArguments) -> CheckResult:
    """No role but Kubernetes' own has a wildcard."""
    own = [
        (kind, each)
        for kind in ("Role", "ClusterRole")
        for each in snapshot.objects(kind)
        if not _built_in(each)
    ]
    if not own:
        raise Unobservable("the cluster has no role but Kubernetes' own")
    faults = {
        f"{kind} {namespaced(each)}": "has a wildcard"
        for kind, each in own
        for rule in each.get("rules") or ()
        if any("*" in (rule.get(part) or ()) for part in ("verbs", "resources", "apiGroups"))
    }
    return result_with_exceptions(faults, arguments, f"{len(own)} roles, none with a wildcard")


def unused_default_accounts(snapshot: ClusterSnapshot, arguments: CheckArguments) -> CheckResult:
    """Default service accounts have no token and no permission, and no pod uses them."""
    accounts = [a for a in snapshot.objects("ServiceAccount") if a["metadata"]["name"] == "default"]
    if not accounts:
        raise Unobservable("the cluster has no default service account")
    gone = _temporary_namespaces(snapshot)
    faults = {
        namespaced(each): "mounts its token"
        for each in accounts
        if each.get("automountServiceAccountToken") is not False
        and each["metadata"]["namespace"] not in gone
    }
    for each in role_grants(snapshot):
        kind, _, name = each.subject.partition(" ")
        if kind == "ServiceAccount" and name.endswith("/default"):
            faults[name] = f"has the permissions of {each.role}"
    for pod in snapshot.objects("Pod"):
        if pod["spec"].get("serviceAccountName", "default") == "default":
            faults[f"{pod['metadata']['namespace']}/default"] = f"is used by {namespaced(pod)}"
    return result_with_exceptions(
        faults, arguments, f"{len(accounts)} default service accounts without token and permissions"
    )


def tokens_only_with_permissions(
    snapshot: ClusterSnapshot, arguments: CheckArguments
) -> CheckResult:
    """A pod mounts an API token only if its service account has permissions."""
    found = snapshot.objects("Pod")
    if not found:
        raise Unobservable("the cluster has no pod")
    permitted = {each.subject for each in role_grants(snapshot)}
    faults, needed = {}, []
    for pod in found:
        if not any(
            mount.get("mountPath") == _TOKENS
            for group in ("initContainers", "containers")
            for container in pod["spec"].get(group) or ()
            for mount in container.get("volumeMounts") or ()
        ):
            continue
        account = f"{pod['metadata']['namespace']}/{pod['spec']['serviceAccountName']}"
        if f"ServiceAccount {account}" in permitted:
            needed.append(account)
        else:
            faults[namespaced(pod)] = f"has a token of {account}, which has no permissions"
    observed = f"{len(found)} pods; tokens with permissions: {first_few(needed) or 'none'}"
    return result_with_exceptions(faults, arguments, observed)


def no_secrets_of_type(snapshot: ClusterSnapshot, arguments: CheckArguments) -> CheckResult:
    """No Secret has this type, which would be a permanent credential."""
    wanted, found = arguments.text("type"), snapshot.objects("Secret")
    if not found:
        raise Unobservable("the cluster has no Secret at all")
    faults = {namespaced(each): f"is a {wanted}" for each in found if each.get("type") == wanted}
    return result_with_exceptions(faults, arguments, f"{len(found)} Secrets, none of type {wanted}")


def short_lived_certificate(snapshot: ClusterSnapshot, _: CheckArguments) -> CheckResult:
    """The administrator's client certificate expires soon after the run that it was made for."""
    certificate = snapshot.attempts.certificate
    if certificate is None:
        return CheckResult("met", "the administrator uses no client certificate")
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    if lifetime <= _SHORT:
        reason = (
            "people are no users of a cluster that ends with its run; the certificate of its only "
            f"administrator is valid for {lifetime}"
        )
        return CheckResult("not applicable", reason)
    raise Unobservable(
        f"whether people use certificates is not known; this one is valid for {lifetime}"
    )


def _grants(snapshot: ClusterSnapshot) -> Iterator[RoleGrant]:
    roles = {
        (kind, namespaced(each)): each
        for kind in ("Role", "ClusterRole")
        for each in snapshot.objects(kind)
    }
    for kind in ("ClusterRoleBinding", "RoleBinding"):
        for binding in snapshot.objects(kind):
            reference = binding["roleRef"]
            where = binding["metadata"].get("namespace", "")
            name = reference["name"]
            key = (reference["kind"], f"{where}/{name}" if reference["kind"] == "Role" else name)
            role = roles.get(key, {})
            for subject in binding.get("subjects") or ():
                yield RoleGrant(
                    _name(subject, where),
                    f"{key[0]} {key[1]}",
                    tuple(role.get("rules") or ()),
                    _built_in(binding) and _is_component(subject),
                )


def _name(subject: Object, where: str) -> str:
    if subject["kind"] == "ServiceAccount":
        return f"ServiceAccount {subject.get('namespace', where)}/{subject['name']}"
    return f"{subject['kind']} {subject['name']}"


def _is_component(subject: Object) -> bool:
    """Whether a subject is one of Kubernetes' components; nobody else can have such a name."""
    if subject["kind"] == "ServiceAccount":
        return bool(subject.get("namespace") == _OWN and subject["name"] != "default")
    name = str(subject["name"])
    return name.startswith("system:") and not name.startswith(_GROUPS_OF_EVERYBODY)


def _built_in(found: Object) -> bool:
    label, value = _BUILT_IN
    return (found["metadata"].get("labels") or {}).get(label) == value


def _covers(rule: Object, verbs: set[str], groups: set[str], resources: set[str]) -> bool:
    def has(part: str, wanted: set[str]) -> bool:
        given = set(rule.get(part) or ())
        return "*" in given or bool(given & wanted)

    return has("verbs", verbs) and has("apiGroups", groups) and has("resources", resources)


def _temporary_namespaces(snapshot: ClusterSnapshot) -> set[str]:
    """Return the namespaces that are being deleted, and the one made for these checks."""
    every = snapshot.objects("Namespace")
    ending = {n["metadata"]["name"] for n in every if "deletionTimestamp" in n["metadata"]}
    return {*ending, snapshot.created_namespace}
