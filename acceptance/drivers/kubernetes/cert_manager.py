"""Reads who issues the certificates of Ingresses, and has cert-manager renew them."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from acceptance.build.custom_resources import GROUP
from acceptance.drivers.certificate_names import is_named
from acceptance.drivers.kubernetes.paths import api_path, group_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object

_CLUSTER_RESOURCES = "cert-manager"
"""The namespace with the Secrets of ClusterIssuers, unless cert-manager is configured otherwise."""


@dataclass(frozen=True)
class TlsDeclaration:
    """What an Ingress declares about the certificate of a host."""

    secrets: tuple[str, ...]
    """The Secrets that hold the certificate."""
    issuer: str
    """The Issuer that the Ingress asks for it, in its own namespace; empty if it asks none."""
    cluster_issuer: str
    """The ClusterIssuer that it asks; empty if it asks none."""

    @property
    def asks(self) -> bool:
        """Whether it asks an issuer for the certificate."""
        return bool(self.issuer or self.cluster_issuer)


@dataclass(frozen=True)
class ManagedCertificate:
    """A Certificate of cert-manager."""

    namespace: str
    name: str
    secret: str
    generation: int
    renewal_time: datetime | None
    """When it will be renewed; None if no renewal is scheduled."""
    status: Mapping[str, Any]
    """As the API sends it."""


def has_cert_manager(cluster: Kubernetes) -> bool:
    """Return whether the cluster has cert-manager's kinds."""
    return cluster.exists(group_path("certificates"))


def tls_declarations(cluster: Kubernetes, namespace: str, host: str) -> tuple[TlsDeclaration, ...]:
    """Return what each Ingress of a namespace declares about `host`, of those that declare TLS."""
    found = []
    for ingress in cluster.items(api_path("ingresses", namespace)):
        entries = tls_entries(ingress, host)
        if entries:
            annotations = ingress["metadata"].get("annotations") or {}
            secrets = tuple(each["secretName"] for each in entries if each.get("secretName"))
            issuer, shared = (
                annotations.get(f"{GROUP}/{kind}") or "" for kind in ("issuer", "cluster-issuer")
            )
            found.append(TlsDeclaration(secrets, issuer, shared))
    return tuple(found)


def tls_entries(ingress: Object, host: str) -> list[Object]:
    """Return the entries of an Ingress's `tls` section that are for `host`, also by a wildcard.

    An entry without hosts is for those of the rules (Kubernetes API reference, IngressTLS).
    """
    spec = ingress["spec"]
    served = [rule.get("host", "") for rule in spec.get("rules") or ()]
    return [
        entry
        for entry in spec.get("tls") or ()
        if is_named(host, entry.get("hosts") or [each for each in served if each])
    ]


def issuer_certificate(
    cluster: Kubernetes, namespace: str, declaration: TlsDeclaration
) -> str | None:
    """Return the certificate of the issuer that an Ingress asks, as PEM; None if it has none yet.

    Empty if the issuer is no authority of the cluster's own: then public trust is all there is.
    Of the Secret only the certificate is read.
    """
    if declaration.issuer:
        path = api_path("issuers", namespace, declaration.issuer)
    elif declaration.cluster_issuer:
        namespace = _CLUSTER_RESOURCES
        path = api_path("clusterissuers", name=declaration.cluster_issuer)
    else:
        return ""
    issuer = cluster.read(path)
    if issuer is None:
        return None
    if "ca" not in issuer["spec"]:
        return ""
    secret = cluster.read(api_path("secrets", namespace, issuer["spec"]["ca"]["secretName"]))
    encoded = ((secret or {}).get("data") or {}).get("tls.crt")
    return base64.b64decode(encoded).decode("ascii") if encoded else None


def managed_certificates(cluster: Kubernetes, namespace: str) -> tuple[ManagedCertificate, ...]:
    """Return the Certificates of a namespace."""
    found = []
    for each in cluster.items(api_path("certificates", namespace)):
        metadata, status = each["metadata"], each.get("status") or {}
        renewal = status.get("renewalTime")
        found.append(
            ManagedCertificate(
                namespace=namespace,
                name=metadata["name"],
                secret=each["spec"]["secretName"],
                generation=metadata.get("generation", 1),
                renewal_time=datetime.fromisoformat(renewal) if renewal else None,
                status=status,
            )
        )
    return tuple(found)


def issued_secrets(cluster: Kubernetes, namespace: str) -> frozenset[str]:
    """Return the names of the Secrets of a namespace whose values cert-manager makes."""
    if not has_cert_manager(cluster):
        return frozenset()
    return frozenset(each.secret for each in managed_certificates(cluster, namespace))


def request_renewal(cluster: Kubernetes, certificate: ManagedCertificate) -> None:
    """Ask cert-manager to renew a certificate now, as `cmctl renew` does: by a condition."""
    issuing = {
        "type": "Issuing",
        "status": "True",
        "reason": "ManuallyTriggered",
        "message": "Certificate re-issuance manually triggered",
        "lastTransitionTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "observedGeneration": certificate.generation,
    }
    conditions = certificate.status.get("conditions") or ()
    others = [each for each in conditions if each["type"] != "Issuing"]
    path = api_path("certificates", certificate.namespace, certificate.name)
    cluster.patch_status(path, {"conditions": [*others, issuing]})


def issue_short_certificate(cluster: Kubernetes, namespace: str, name: str) -> None:
    """Have cert-manager issue a self-signed certificate for one hour, the shortest that it allows.

    Raises `Refused`.
    """
    for kind, spec in (
        ("issuers", {"selfSigned": {}}),
        (
            "certificates",
            {
                "secretName": name,
                "dnsNames": [f"{name}.test"],
                "duration": "1h",
                "renewBefore": "5m",
                "privateKey": {"algorithm": "ECDSA"},
                "issuerRef": {"name": name},
            },
        ),
    ):
        singular = {"issuers": "Issuer", "certificates": "Certificate"}[kind]
        body = {"apiVersion": f"{GROUP}/v1", "kind": singular, "metadata": {"name": name}}
        cluster.create(api_path(kind, namespace), {**body, "spec": spec})
