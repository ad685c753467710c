"""Takes the authority of a certificate to the namespaces of those who have to trust it.

A Certificate names them in an annotation. They get a ConfigMap with the authority, and never a key.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from acceptance.build.manifests import RUN_LABEL
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.errors import EnvironmentFailure
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.build.manifests import Manifest
    from acceptance.drivers.kubernetes.client import Kubernetes

TRUSTED_IN = "checkout.tls/trusted-in"
"""The annotation of a Certificate: the namespaces in which its authority is trusted."""
_AUTHORITY = "ca.crt"


def trusted_authorities(
    client: Kubernetes, objects: Sequence[Manifest], run_id: str, *, timeout: float
) -> tuple[Manifest, ...]:
    """Return the ConfigMaps with the authorities of those Certificates that are trusted elsewhere.

    Raises `EnvironmentFailure` if cert-manager does not issue one within `timeout` seconds.
    """
    return tuple(
        _config_map(found, namespace, run_id, _await_authority(client, found, timeout))
        for found in objects
        if found["kind"] == "Certificate"
        for namespace in (found["metadata"].get("annotations") or {}).get(TRUSTED_IN, "").split()
    )


def _await_authority(client: Kubernetes, found: Manifest, timeout: float) -> str:
    namespace, name = found["metadata"]["namespace"], found["spec"]["secretName"]
    path = api_path("secrets", namespace, name)

    def authority() -> str:
        secret = client.read(path) or {}
        return str((secret.get("data") or {}).get(_AUTHORITY, ""))

    encoded = eventually(
        authority,
        bool,
        timeout=timeout,
        what=f"cert-manager issues {namespace}/{name}",
        remedy=f"kubectl --namespace {namespace} describe certificates",
        describe=lambda _: "the Secret has no authority yet",
        error=EnvironmentFailure,
    )
    return base64.b64decode(encoded).decode()


def _config_map(found: Manifest, namespace: str, run_id: str, authority: str) -> Manifest:
    name = found["spec"]["secretName"].removesuffix("-tls")
    labels = {RUN_LABEL: run_id}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"{name}-authority", "namespace": namespace, "labels": labels},
        "data": {_AUTHORITY: authority},
    }
