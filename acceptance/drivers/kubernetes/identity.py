"""Names and tokens: who somebody is for the API server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acceptance.drivers.kubernetes.connection import Refused
from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acceptance.drivers.kubernetes.client import Kubernetes


TOKEN_SECONDS = 600
"""How long a token is valid: the least that Kubernetes allows."""


def own_name(cluster: Kubernetes) -> str:
    """Return the user name that the API server has for this client's credentials.

    Raises `Refused` if it does not say. Source: Kubernetes API, SelfSubjectReview
    (authentication.k8s.io/v1).
    """
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = cluster.create(api_path("selfsubjectreviews"), body)
    assert answer is not None  # a review has no name that could be taken
    return str(answer["status"]["userInfo"]["username"])


def create_token(
    cluster: Kubernetes, namespace: str, account: str, pod: Mapping[str, Any] | None = None
) -> str:
    """Return a new token of a service account, bound to `pod` as a kubelet would do.

    Raises `Refused`.
    """
    spec: dict[str, Any] = {"expirationSeconds": TOKEN_SECONDS}
    if pod is not None:
        own = {"name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]}
        spec["boundObjectRef"] = {"apiVersion": "v1", "kind": "Pod", **own}
    path = api_path("serviceaccounts", namespace, account, "token")
    created = cluster.create(path, {"spec": spec})
    if created is None:
        raise Refused(f"{path}: no token was created")
    return str(created["status"]["token"])
