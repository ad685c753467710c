from __future__ import annotations

import base64
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.x509.oid import NameOID

from acceptance.domains.delivery.drivers.client_certificates import (
    allowed,
    group_kubeconfig,
    own_groups,
)
from acceptance.errors import EnvironmentFailure


class Cluster:
    """Issues what was approved, and answers what whoever asks may do."""

    server, authority = "https://10.0.0.1:6443", b"the authority"

    def __init__(self, *, issues: bool = True) -> None:
        """Begin without a request."""
        self.issues = issues
        self.requests: dict[str, dict[str, Any]] = {}
        self.asked: list[dict[str, Any]] = []
        self.deleted: list[str] = []

    def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Keep a request, or answer a review."""
        if body["kind"] == "SelfSubjectReview":
            return {"status": {"userInfo": {"groups": ["a", "b"]}}}
        if body["kind"] == "SelfSubjectAccessReview":
            self.asked.append(body["spec"]["resourceAttributes"])
            return {"status": {"allowed": len(self.asked) == 1}}
        self.requests[f"{path}/{body['metadata']['name']}"] = {**body, "status": {}}
        return body

    def patch(self, path: str, change: dict[str, Any]) -> None:
        """Approve a request."""
        request = self.requests[path.removesuffix("/approval")]
        assert change["status"]["conditions"][0]["type"] == "Approved"
        if self.issues:
            request["status"] = {"certificate": base64.b64encode(b"issued").decode()}

    def read(self, path: str) -> dict[str, Any] | None:
        """Return a request."""
        return self.requests.get(path)

    def delete(self, path: str) -> bool:
        """Forget a request."""
        self.deleted.append(path)
        return True


def kubeconfig(cluster: Cluster) -> dict[str, Any]:
    """Let somebody into a group."""
    client: Any = cluster
    text = group_kubeconfig(client, name="me", group="team", context="here", timeout=0.1)
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def test_a_person_of_a_group_gets_a_kubeconfig_with_a_key_of_its_own() -> None:
    """The certificate is asked for in the group's name, for a client, and for an hour."""
    cluster = Cluster()
    found = kubeconfig(cluster)
    (request,) = cluster.requests.values()
    spec = request["spec"]
    asked = x509.load_pem_x509_csr(base64.b64decode(spec["request"])).subject
    assert asked.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "team"
    assert asked.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "me"
    assert (spec["signerName"], spec["usages"], spec["expirationSeconds"]) == (
        "kubernetes.io/kube-apiserver-client",
        ["client auth"],
        3600,
    )
    user = found["users"][0]["user"]
    assert base64.b64decode(user["client-certificate-data"]) == b"issued"
    assert b"PRIVATE" in base64.b64decode(user["client-key-data"])
    server = found["clusters"][0]["cluster"]
    assert server["server"] == Cluster.server
    assert base64.b64decode(server["certificate-authority-data"]) == Cluster.authority
    assert cluster.deleted[-1] == next(iter(cluster.requests))


def test_a_certificate_that_is_not_issued_is_an_error() -> None:
    """And the request does not stay."""
    cluster = Cluster(issues=False)
    with pytest.raises(EnvironmentFailure, match="a certificate of me is issued: not reached"):
        kubeconfig(cluster)
    assert len(cluster.deleted) == 2


def test_rights_are_asked_for_by_kind_and_part() -> None:
    """As the API server names them."""
    cluster = Cluster()
    client: Any = cluster
    assert own_groups(client) == {"a", "b"}
    assert allowed(client, "create", "pods/exec", "here")
    assert not allowed(client, "patch", "deployments", "")
    assert [tuple(each.values()) for each in cluster.asked] == [
        ("create", "", "pods", "exec", "here"),
        ("patch", "apps", "deployments", "", ""),
    ]
