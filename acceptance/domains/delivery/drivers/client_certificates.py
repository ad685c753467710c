"""Lets somebody into a group of the cluster: a client certificate that the API server trusts.

https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from acceptance.drivers.kubernetes.paths import api_path, group_path
from acceptance.errors import EnvironmentFailure
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from acceptance.drivers.kubernetes.client import Kubernetes

_KIND = "certificatesigningrequests"
_SIGNER = "kubernetes.io/kube-apiserver-client"
_VALID_SECONDS = 3600


def group_kubeconfig(
    cluster: Kubernetes, *, name: str, group: str, context: str, timeout: float
) -> str:
    """Return a kubeconfig of a new person `name` in `group`, valid for an hour, as YAML.

    `timeout` is for the certificate, in seconds. Raises `EnvironmentFailure` if none is issued.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    attributes = [
        x509.NameAttribute(NameOID.COMMON_NAME, name),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, group),
    ]
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes))
    pem = request.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    path = api_path(_KIND, name=name)
    body = {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"name": name},
        "spec": {
            "request": base64.b64encode(pem).decode(),
            "signerName": _SIGNER,
            "usages": ["client auth"],
            "expirationSeconds": _VALID_SECONDS,
        },
    }
    cluster.delete(path)
    cluster.create(api_path(_KIND), body)
    try:
        condition = {"type": "Approved", "status": "True", "reason": "AcceptanceRun", "message": ""}
        cluster.patch(f"{path}/approval", {"status": {"conditions": [condition]}})
        issued = eventually(
            lambda: (cluster.read(path) or {}).get("status", {}).get("certificate", ""),
            bool,
            timeout=timeout,
            what=f"a certificate of {name} is issued",
            describe=lambda found: "issued" if found else "not issued",
            error=EnvironmentFailure,
        )
    finally:
        cluster.delete(path)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    user = {"client-certificate-data": issued, "client-key-data": _encoded(private)}
    server = {"server": cluster.server, "certificate-authority-data": _encoded(cluster.authority)}
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": context, "cluster": server}],
            "users": [{"name": context, "user": user}],
            "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
            "current-context": context,
        }
    )


def own_groups(cluster: Kubernetes) -> set[str]:
    """Return the groups of whoever asks, as the API server sees them."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    found = cluster.create(api_path("selfsubjectreviews"), body) or {}
    return set(found["status"]["userInfo"].get("groups") or ())


def allowed(cluster: Kubernetes, verb: str, kind: str, namespace: str) -> bool:
    """Return whether whoever asks may do `verb` with a kind, such as `pods` or `pods/exec`."""
    plural, _, part = kind.partition("/")
    group = group_path(plural).removeprefix("/apis/").rpartition("/")[0]
    attributes = {
        "verb": verb,
        "group": "" if group == "/api" else group,
        "resource": plural,
        "subresource": part,
        "namespace": namespace,
    }
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    found = cluster.create(api_path("selfsubjectaccessreviews"), body) or {}
    return bool(found["status"]["allowed"])


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()
