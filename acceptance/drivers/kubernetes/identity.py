"""Asks the API server by which name it knows whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from acceptance.drivers.kubernetes.client import Kubernetes


def own_name(cluster: Kubernetes) -> str:
    """Return the user name that the API server has for this client's credentials.

    Raises `Refused` if it does not say. Source: Kubernetes API, SelfSubjectReview
    (authentication.k8s.io/v1).
    """
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = cluster.create(api_path("selfsubjectreviews"), body)
    assert answer is not None  # a review has no name that could be taken
    return str(answer["status"]["userInfo"]["username"])
