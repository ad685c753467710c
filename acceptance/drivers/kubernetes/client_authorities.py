"""Reads which certificate authorities the API server trusts to name its clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography import x509

from acceptance.drivers.kubernetes.connection import Refused
from acceptance.drivers.kubernetes.paths import api_path

if TYPE_CHECKING:
    from acceptance.drivers.kubernetes.connection import ApiConnection

_NAMESPACE, _NAME, _KEY = "kube-system", "extension-apiserver-authentication", "client-ca-file"


def client_authorities(cluster: ApiConnection) -> tuple[x509.Certificate, ...]:
    """Return the certificates of the authorities; none if the API server trusts none.

    Raises `Refused` if it does not say. Source: Kubernetes documentation, "Configure the
    aggregation layer": the API server publishes its `--client-ca-file`.
    """
    found = cluster.read(api_path("configmaps", _NAMESPACE, _NAME)) or {}
    text = (found.get("data") or {}).get(_KEY, "")
    try:
        return tuple(x509.load_pem_x509_certificates(text.encode())) if text else ()
    except ValueError as error:
        raise Refused(f"the ConfigMap {_NAME} has no certificate in {_KEY}: {error}") from error
