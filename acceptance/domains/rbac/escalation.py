"""Names the permissions that amount to others, and to what.

Source: Kubernetes documentation, "Role Based Access Control Good Practices", privilege escalation
risks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acceptance.domains.rbac.drivers.access_reviews import Permission

_CHANGE = "create update patch"
_RBAC = "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"
_CERTIFICATES = "certificates.k8s.io"
_RUNS_PODS = (
    "running pods as any service account of the namespace, with any of its Secrets and volumes"
)
_OF_OTHERS = "every permission of whom they impersonate"
_IN_CONTAINERS = "acting as every program in these containers"


@dataclass(frozen=True)
class EscalatingRight:
    """Verbs on resources that permit more than they say."""

    verbs: frozenset[str]
    group: str
    resources: frozenset[str]
    amounts_to: str


def _right(verbs: str, group: str, resources: str, amounts_to: str) -> EscalatingRight:
    return EscalatingRight(
        frozenset(verbs.split()), group, frozenset(resources.split()), amounts_to
    )


RIGHTS = (
    _right("impersonate", "", "users groups", _OF_OTHERS),
    _right("impersonate", "", "serviceaccounts", _OF_OTHERS),
    _right("impersonate", "authentication.k8s.io", "*", _OF_OTHERS),
    _right("bind", _RBAC, "roles clusterroles", "giving themselves such a role"),
    _right("escalate", _RBAC, "roles clusterroles", "putting any permission into a role"),
    _right(_CHANGE, _RBAC, "roles clusterroles", "changing what others are permitted"),
    _right(
        _CHANGE, _RBAC, "rolebindings clusterrolebindings", "giving their permissions to others"
    ),
    _right("create", "", "serviceaccounts/token", "every permission of these service accounts"),
    _right("create", "", "pods", _RUNS_PODS),
    _right(_CHANGE, "", "replicationcontrollers podtemplates", _RUNS_PODS),
    _right(_CHANGE, "apps", "deployments statefulsets daemonsets replicasets", _RUNS_PODS),
    _right(_CHANGE, "batch", "jobs cronjobs", _RUNS_PODS),
    _right("create get", "", "pods/exec pods/attach", _IN_CONTAINERS),
    _right("update patch", "", "pods/ephemeralcontainers", _IN_CONTAINERS),
    _right("get list watch", "", "secrets", "every credential that is kept in these Secrets"),
    _right(
        _CHANGE,
        _ADMISSION,
        "mutatingwebhookconfigurations validatingwebhookconfigurations mutatingadmissionpolicies "
        "mutatingadmissionpolicybindings validatingadmissionpolicies "
        "validatingadmissionpolicybindings",
        "reading, changing or refusing every object that anybody writes",
    ),
    _right(
        "delete deletecollection",
        _ADMISSION,
        "validatingwebhookconfigurations validatingadmissionpolicies "
        "validatingadmissionpolicybindings",
        "switching off what admission refuses",
    ),
    _right("create get", "", "nodes/proxy", "running commands in every container of these nodes"),
    _right(
        "update patch",
        _CERTIFICATES,
        "certificatesigningrequests/approval certificatesigningrequests/status",
        "certificates by which they are known as anybody",
    ),
    _right(
        "approve sign", _CERTIFICATES, "signers", "certificates by which they are known as anybody"
    ),
    _right(
        _CHANGE,
        "apiextensions.k8s.io",
        "customresourcedefinitions",
        "reading and changing every object of these kinds",
    ),
    _right(_CHANGE, "apiregistration.k8s.io", "apiservices", "answering in the API server's place"),
    _right("create", "", "persistentvolumes", "the files of every node, by a hostPath volume"),
    _right("update patch", "", "namespaces", "switching off Pod Security in these namespaces"),
)


def amounts_to(permission: Permission) -> str:
    """Return what a permission amounts to; empty if it is just what it says."""
    verb, group, resource = permission.verb, permission.group, permission.resource
    if verb == "*" and group == "*":
        return "every permission there is, and every one that is added"
    for right in RIGHTS:
        if (
            (verb in right.verbs or verb == "*" or verb.partition(":")[0] in right.verbs)
            and group in {right.group, "*"}
            and (resource in right.resources or right.resources == {"*"} or resource == "*")
        ):
            return right.amounts_to
    return ""
