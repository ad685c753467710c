"""The paths of the Kubernetes API; no other module spells one out.

Groups and versions are from the API references of Kubernetes 1.34 and cert-manager 1.21.
"""

from __future__ import annotations

_GROUPS = {
    "api/v1": (
        "configmaps endpoints events namespaces nodes persistentvolumeclaims persistentvolumes "
        "pods resourcequotas secrets serviceaccounts services limitranges"
    ),
    "apis/admissionregistration.k8s.io/v1": (
        "validatingadmissionpolicies validatingadmissionpolicybindings "
        "validatingwebhookconfigurations mutatingwebhookconfigurations"
    ),
    "apis/apps/v1": "daemonsets deployments replicasets statefulsets",
    "apis/authentication.k8s.io/v1": "selfsubjectreviews tokenreviews",
    "apis/authorization.k8s.io/v1": (
        "localsubjectaccessreviews selfsubjectaccessreviews selfsubjectrulesreviews "
        "subjectaccessreviews"
    ),
    "apis/batch/v1": "cronjobs jobs",
    "apis/cert-manager.io/v1": "certificaterequests certificates clusterissuers issuers",
    "apis/certificates.k8s.io/v1": "certificatesigningrequests",
    "apis/coordination.k8s.io/v1": "leases",
    "apis/discovery.k8s.io/v1": "endpointslices",
    "apis/networking.k8s.io/v1": "ingressclasses ingresses networkpolicies",
    "apis/policy/v1": "poddisruptionbudgets",
    "apis/rbac.authorization.k8s.io/v1": ("clusterrolebindings clusterroles rolebindings roles"),
    "apis/storage.k8s.io/v1": "storageclasses",
}
_ROOTS = {kind: root for root, kinds in _GROUPS.items() for kind in kinds.split()}


def api_path(kind: str, namespace: str = "", name: str = "", part: str = "") -> str:
    """Return the path of a kind's collection, of one object, or of a `part` of it.

    `kind` is the plural in small letters, as in `kubectl api-resources`: `networkpolicies`. Without
    a namespace it is a cluster-wide kind, or the objects of all namespaces. `part` is a subresource
    such as `log` or `status`. Raises `KeyError` for a kind that this module does not list.
    """
    place = f"/namespaces/{namespace}" if namespace else ""
    return f"/{_ROOTS[kind]}{place}/{kind}" + "".join(f"/{each}" for each in (name, part) if each)


def group_path(kind: str) -> str:
    """Return the path of a kind's API group and version, as in `/apis/apps/v1`.

    It exists in a cluster that knows the group. Raises `KeyError` as `api_path` does.
    """
    return f"/{_ROOTS[kind]}"
