"""Checks of who may do what: roles, accounts, tokens."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.compliance.drivers.node_shell import Unseen
from acceptance.domains.compliance.drivers.snapshot import namespaced
from acceptance.domains.compliance.finding import Finding, some, without

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acceptance.domains.compliance.drivers.snapshot import Look
    from acceptance.domains.compliance.finding import Arguments
    from acceptance.drivers.kubernetes.facts import Object

_BUILT_IN = ("kubernetes.io/bootstrapping", "rbac-defaults")
_EVERYBODY = (
    "system:authenticated",
    "system:unauthenticated",
    "system:anonymous",
    "system:serviceaccounts",
)
_OWN = "kube-system"
_TOKENS = "/var/run/secrets/kubernetes.io/serviceaccount"
_SHORT = dt.timedelta(days=7)


@dataclass(frozen=True)
class Grant:
    """A subject and a role that it has."""

    subject: str
    """Such as ServiceAccount ingress/traefik."""
    role: str
    rules: tuple[Object, ...]
    built_in: bool
    """Whether it is one of Kubernetes' own components with a role of Kubernetes' own."""


def grants(look: Look) -> tuple[Grant, ...]:
    """Return what every binding of the cluster grants to whom; raises `Unseen` if there is none."""
    found = tuple(_grants(look))
    if not found:
        raise Unseen("there is no binding of a role")
    return found


def may(look: Look, arguments: Arguments) -> Finding:
    """Nobody may do this, beside Kubernetes' own components and those that the table names."""
    verbs = set(arguments.text("verbs").split())
    group, resources = arguments.text("group"), set(arguments.text("resources").split())
    every = grants(look)
    names = {
        each.subject: f"may {' '.join(sorted(verbs))} {' '.join(sorted(resources))} by {each.role}"
        for each in every
        if not each.built_in
        for rule in each.rules
        if _covers(rule, verbs, group, resources)
    }
    return without(names, arguments, f"of {len(every)} grants none gives it")


def cluster_admin(look: Look, arguments: Arguments) -> Finding:
    """Nobody is cluster-admin but the group that Kubernetes made it for."""
    every = grants(look)
    names = {
        each.subject: "is cluster-admin"
        for each in every
        if each.role == "ClusterRole cluster-admin" and each.subject != "Group system:masters"
    }
    return without(names, arguments, f"of {len(every)} grants one, to system:masters")


def wildcards(look: Look, arguments: Arguments) -> Finding:
    """No role that somebody wrote says "everything"."""
    own = [
        (kind, each)
        for kind in ("Role", "ClusterRole")
        for each in look.objects(kind)
        if not _built_in(each)
    ]
    if not own:
        raise Unseen("there is no role that somebody wrote")
    names = {
        f"{kind} {namespaced(each)}": "has a wildcard"
        for kind, each in own
        for rule in each.get("rules") or ()
        if any("*" in (rule.get(part) or ()) for part in ("verbs", "resources", "apiGroups"))
    }
    return without(names, arguments, f"{len(own)} roles, none with a wildcard")


def default_accounts(look: Look, arguments: Arguments) -> Finding:
    """The account that a pod gets without asking has no token and no rights, and is not used."""
    accounts = [a for a in look.objects("ServiceAccount") if a["metadata"]["name"] == "default"]
    if not accounts:
        raise Unseen("there is no default account")
    gone = _ending(look)
    names = {
        namespaced(each): "mounts its token"
        for each in accounts
        if each.get("automountServiceAccountToken") is not False
        and each["metadata"]["namespace"] not in gone
    }
    for each in grants(look):
        kind, _, name = each.subject.partition(" ")
        if kind == "ServiceAccount" and name.endswith("/default"):
            names[name] = f"has the rights of {each.role}"
    for pod in look.objects("Pod"):
        if pod["spec"].get("serviceAccountName", "default") == "default":
            names[f"{pod['metadata']['namespace']}/default"] = f"is used by {namespaced(pod)}"
    return without(names, arguments, f"{len(accounts)} default accounts without token and rights")


def needed_tokens(look: Look, arguments: Arguments) -> Finding:
    """A pod has a token of the API only if its account has rights, so that it can need one."""
    found = look.objects("Pod")
    if not found:
        raise Unseen("there is no pod")
    rights = {each.subject for each in grants(look)}
    names, needed = {}, []
    for pod in found:
        if not any(
            mount.get("mountPath") == _TOKENS
            for group in ("initContainers", "containers")
            for container in pod["spec"].get(group) or ()
            for mount in container.get("volumeMounts") or ()
        ):
            continue
        account = f"{pod['metadata']['namespace']}/{pod['spec']['serviceAccountName']}"
        if f"ServiceAccount {account}" in rights:
            needed.append(account)
        else:
            names[namespaced(pod)] = f"has a token of {account}, which has no rights"
    observed = f"{len(found)} pods; tokens where they have rights: {some(needed) or 'nowhere'}"
    return without(names, arguments, observed)


def no_secrets_of_type(look: Look, arguments: Arguments) -> Finding:
    """There is no Secret of this type, which would let somebody in for good."""
    wanted, found = arguments.text("type"), look.objects("Secret")
    if not found:
        raise Unseen("there is no Secret at all")
    names = {namespaced(each): f"is a {wanted}" for each in found if each.get("type") == wanted}
    return without(names, arguments, f"{len(found)} Secrets, none of type {wanted}")


def passing_certificate(look: Look, _: Arguments) -> Finding:
    """The administrator's client certificate ends with the run that it was made for."""
    certificate = look.attempts.certificate
    if certificate is None:
        return Finding("met", "the administrator uses no client certificate")
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    if lifetime <= _SHORT:
        reason = (
            "no people are users of a cluster that ends with its run; its one administrator's "
            f"certificate is made for it and lives for {lifetime}"
        )
        return Finding("not applicable", reason)
    raise Unseen(f"whether people use certificates cannot be seen; this one lives for {lifetime}")


def _grants(look: Look) -> Iterator[Grant]:
    roles = {
        (kind, namespaced(each)): each
        for kind in ("Role", "ClusterRole")
        for each in look.objects(kind)
    }
    for kind in ("ClusterRoleBinding", "RoleBinding"):
        for binding in look.objects(kind):
            reference = binding["roleRef"]
            where = binding["metadata"].get("namespace", "")
            name = reference["name"]
            key = (reference["kind"], f"{where}/{name}" if reference["kind"] == "Role" else name)
            role = roles.get(key, {})
            for subject in binding.get("subjects") or ():
                yield Grant(
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
    """Whether a subject is one of Kubernetes' components: nobody else can have such a name."""
    if subject["kind"] == "ServiceAccount":
        return bool(subject.get("namespace") == _OWN and subject["name"] != "default")
    name = str(subject["name"])
    return name.startswith("system:") and not name.startswith(_EVERYBODY)


def _built_in(found: Object) -> bool:
    label, value = _BUILT_IN
    return (found["metadata"].get("labels") or {}).get(label) == value


def _covers(rule: Object, verbs: set[str], group: str, resources: set[str]) -> bool:
    def has(part: str, wanted: set[str]) -> bool:
        given = set(rule.get(part) or ())
        return "*" in given or bool(given & wanted)

    return has("verbs", verbs) and has("apiGroups", {group}) and has("resources", resources)


def _ending(look: Look) -> set[str]:
    """Return the namespaces that are going away, and the one that was made for these checks."""
    every = look.objects("Namespace")
    ending = {n["metadata"]["name"] for n in every if "deletionTimestamp" in n["metadata"]}
    return {*ending, look.made}
