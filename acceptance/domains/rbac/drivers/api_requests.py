"""Requests that an attacker with a stolen token would send to the API server.

None of them changes anything: what would write is sent as a dry run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.build.manifests import RUN_LABEL
from acceptance.drivers.kubernetes.client import DRY_RUN, MERGE, Refused
from acceptance.drivers.kubernetes.identity import TOKEN_SECONDS, own_name
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.drivers.kubernetes.pods import hardened_pod

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acceptance.drivers.http import Reply
    from acceptance.drivers.kubernetes.client import Kubernetes

_RBAC = "rbac.authorization.k8s.io"
_NAME = "acceptance-token-abuse"
_DRY_RUN = tuple(DRY_RUN.items())
# The permissions that the requests need, and no others.
_RULES: tuple[tuple[str, str, str], ...] = (
    ("", "secrets configmaps namespaces nodes", "get list"),
    ("", "pods", "get list create delete"),
    ("", "pods/log", "get"),
    ("", "serviceaccounts/token", "create"),
    ("", "users", "impersonate"),
    ("apps", "deployments", "get patch"),
    (_RBAC, "rolebindings", "create"),
    (_RBAC, "roles", "bind"),
)


@dataclass(frozen=True)
class ApiRequest:
    """A request to the API server."""

    action: str
    """What it does, in words that follow "could": list the Secrets."""
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Name method and path."""
        return f"{self.method} {self.path}"

    def send(self, cluster: Kubernetes) -> Reply:
        """Return the answer to it."""
        headers, query = dict(self.headers), dict(self.query)
        return cluster.send(self.method, self.path, self.body, headers=headers, query=query)


@dataclass(frozen=True)
class RequestTargets:
    """The objects that the requests are about; each exists in `namespace`."""

    namespace: str
    secret: str
    pod: str
    container: str
    """Of the pod, which may have several."""
    deployment: str


def token_abuse_requests(targets: RequestTargets, run: str) -> tuple[ApiRequest, ...]:
    """Return the requests of an attacker who wants to read, change, and gain permissions."""
    own = targets.namespace
    image, command = "localhost/nobody/runs:this", ["/nothing"]
    new_pod = hardened_pod(_NAME, image, command, labels={RUN_LABEL: run})
    annotation = {"metadata": {"annotations": {"acceptance.checkout/token-abuse": "yes"}}}
    binding = {
        "metadata": {"name": _NAME},
        "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": "anything"},
    }
    return (
        ApiRequest("list the Secrets", "GET", api_path("secrets", own)),
        ApiRequest("read a Secret", "GET", api_path("secrets", own, targets.secret)),
        ApiRequest("list the Secrets of the whole cluster", "GET", api_path("secrets")),
        ApiRequest("read the ConfigMaps", "GET", api_path("configmaps", own)),
        ApiRequest("read another namespace", "GET", api_path("configmaps", "kube-system")),
        ApiRequest("list the namespaces", "GET", api_path("namespaces")),
        ApiRequest("list the nodes", "GET", api_path("nodes")),
        ApiRequest("list the pods", "GET", api_path("pods", own)),
        ApiRequest(
            "read a log",
            "GET",
            api_path("pods", own, targets.pod, "log"),
            query=(("container", targets.container), ("limitBytes", "1")),
        ),
        ApiRequest("create a pod", "POST", api_path("pods", own), new_pod, _DRY_RUN),
        ApiRequest("delete a pod", "DELETE", api_path("pods", own, targets.pod), None, _DRY_RUN),
        ApiRequest(
            "change a Deployment",
            "PATCH",
            api_path("deployments", own, targets.deployment),
            annotation,
            _DRY_RUN,
            tuple(MERGE.items()),
        ),
        ApiRequest(
            "create a token of another service account",
            "POST",
            api_path("serviceaccounts", own, "default", "token"),
            {"spec": {"expirationSeconds": TOKEN_SECONDS}},
            _DRY_RUN,
        ),
        ApiRequest("give itself a role", "POST", api_path("rolebindings", own), binding, _DRY_RUN),
        ApiRequest(
            "impersonate a user",
            "POST",
            api_path("selfsubjectreviews"),
            {},
            headers=(("Impersonate-User", "acceptance:somebody"),),
        ),
    )


def create_permitted_account(
    cluster: Kubernetes, namespace: str, name: str, run: str, undo: Callable[[str], object]
) -> None:
    """Create a service account that may send all of the requests.

    `undo` gets the path of each object before it is created. Raises `Refused`.
    """
    reference = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": name}
    rules = [
        {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}
        for group, resources, verbs in _RULES
    ]
    subject = {"kind": "ServiceAccount", "name": name, "namespace": namespace}
    for kind, where, body in (
        ("serviceaccounts", namespace, {}),
        ("clusterroles", "", {"rules": rules}),
        ("clusterrolebindings", "", {"roleRef": reference, "subjects": [subject]}),
    ):
        undo(api_path(kind, where, name))
        metadata = {"name": name, "labels": {RUN_LABEL: run}}
        cluster.create(api_path(kind, where), {"metadata": metadata, **body})


def user_name(cluster: Kubernetes) -> str:
    """Return who the API server takes the client for; empty if it does not know."""
    try:
        return own_name(cluster)
    except Refused:
        return ""
