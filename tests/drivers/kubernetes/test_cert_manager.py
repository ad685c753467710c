from __future__ import annotations

import base64
from typing import Any

import pytest

from acceptance.drivers.kubernetes.cert_manager import (
    ManagedCertificate,
    TlsDeclaration,
    issued_secrets,
    issuer_certificate,
    request_renewal,
    tls_declarations,
)
from acceptance.drivers.kubernetes.paths import api_path

AUTHORITY = {"spec": {"ca": {"secretName": "authority"}}}
SECRET = {"data": {"tls.crt": base64.b64encode(b"PEM").decode("ascii")}}


class Objects:
    """A cluster that has objects by their paths, and records what is written."""

    def __init__(self, objects: dict[str, Any]) -> None:
        """Keep the objects."""
        self.objects = objects
        self.written: dict[str, Any] = {}

    def read(self, path: str) -> Any:  # noqa: ANN401
        """Return an object, or None."""
        return self.objects.get(path)

    def items(self, path: str) -> Any:  # noqa: ANN401
        """Return a collection."""
        return self.objects[path]

    def exists(self, path: str) -> bool:
        """Whether there is something below a path."""
        return any(each.startswith(path) for each in self.objects)

    def patch_status(self, path: str, status: Any) -> None:  # noqa: ANN401
        """Record a status."""
        self.written[path] = status


@pytest.mark.parametrize(
    ("issuer", "cluster_issuer", "objects", "expected"),
    [
        ("", "", {}, ""),
        ("own", "", {}, None),
        ("own", "", {api_path("issuers", "shop", "own"): {"spec": {"acme": {}}}}, ""),
        ("own", "", {api_path("issuers", "shop", "own"): AUTHORITY}, None),
        (
            "own",
            "",
            {
                api_path("issuers", "shop", "own"): AUTHORITY,
                api_path("secrets", "shop", "authority"): SECRET,
            },
            "PEM",
        ),
        (
            "",
            "shared",
            {
                api_path("clusterissuers", name="shared"): AUTHORITY,
                api_path("secrets", "cert-manager", "authority"): SECRET,
            },
            "PEM",
        ),
    ],
)
def test_the_certificate_of_an_issuer_is_read_where_cert_manager_keeps_it(
    issuer: str, cluster_issuer: str, objects: dict[str, Any], expected: str | None
) -> None:
    """Empty for a public authority, None for one that has no certificate yet."""
    cluster: Any = Objects(objects)
    declared = TlsDeclaration(("shop-tls",), issuer, cluster_issuer)
    assert issuer_certificate(cluster, "shop", declared) == expected


def test_only_ingresses_with_tls_for_the_host_count() -> None:
    """Others of the namespace may have another issuer."""

    def ingress(host: str, issuer: str) -> dict[str, Any]:
        annotations = {"cert-manager.io/issuer": issuer}
        tls = [{"hosts": [host], "secretName": f"{host}-tls"}]
        return {"metadata": {"annotations": annotations}, "spec": {"tls": tls}}

    found = [ingress("other", "foreign"), ingress("shop", "own"), {"metadata": {}, "spec": {}}]
    cluster: Any = Objects({api_path("ingresses", "shop"): found})
    assert tls_declarations(cluster, "shop", "shop") == (TlsDeclaration(("shop-tls",), "own", ""),)


def test_a_renewal_is_requested_by_a_condition() -> None:
    """As `cmctl renew` does; other conditions stay."""
    ready, issuing = {"type": "Ready", "status": "True"}, {"type": "Issuing", "status": "False"}
    status = {"conditions": [ready, issuing]}
    certificate = ManagedCertificate("shop", "web", "web-tls", 3, None, status)
    cluster: Any = Objects({})
    request_renewal(cluster, certificate)
    first, second = cluster.written[api_path("certificates", "shop", "web")]["conditions"]
    assert first == ready
    assert (second["type"], second["status"], second["observedGeneration"]) == (
        "Issuing",
        "True",
        3,
    )


def test_the_secrets_of_certificates_are_known() -> None:
    """None are where there is no cert-manager."""
    certificate = {"metadata": {"name": "c"}, "spec": {"secretName": "c-tls"}}
    cluster: Any = Objects({api_path("certificates", "shop"): [certificate]})
    assert issued_secrets(cluster, "shop") == {"c-tls"}
    empty: Any = Objects({})
    assert issued_secrets(empty, "shop") == frozenset()
