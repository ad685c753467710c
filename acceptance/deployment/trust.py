"""Takes the authority of a certificate to the namespaces of those who have to trust it.

A Certificate names them in an annotation. They get a ConfigMap with the authority, and never a key.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from acceptance.build.manifests import RUN_LABEL
from acceptance.drivers.kubernetes.cert_manager import has_cert_manager
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.errors import EnvironmentFailure
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from acceptance.build.manifests import Manifest
    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object

TRUSTED_IN = "checkout.tls/trusted-in"
"""The annotation of a Certificate: the namespaces in which its authority is trusted."""
_AUTHORITY = "ca.crt"
_TRUSTED = "checkout.tls/trusted"
"""The annotation of a pod with the hash of what it trusts: a change wakes its kubelet."""


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


def certificates_of(client: Kubernetes, namespace: str) -> tuple[Manifest, ...]:
    """Return the Certificates of a namespace; none where there is no cert-manager."""
    if not has_cert_manager(client):
        return ()
    found = client.items(api_path("certificates", namespace))
    return tuple({**each, "kind": "Certificate"} for each in found)


def wake_kubelets(client: Kubernetes, authorities: Iterable[Manifest]) -> None:
    """Have pods that ran before their `authorities` were there get them now.

    A kubelet looks after its pods once in a minute, and at once after a change of theirs.
    """
    for each in authorities:
        namespace, name = each["metadata"]["namespace"], each["metadata"]["name"]
        for pod in client.items(api_path("pods", namespace)):
            if name in _projected(pod):
                digest = hashlib.sha256(each["data"][_AUTHORITY].encode()).hexdigest()[:16]
                change = {"metadata": {"annotations": {_TRUSTED: digest}}}
                client.patch(api_path("pods", namespace, pod["metadata"]["name"]), change)


def _projected(pod: Object) -> set[str]:
    """Return the ConfigMaps in projected volumes, of which a pod may need none to start."""
    return {
        (source.get("configMap") or {}).get("name", "")
        for volume in pod["spec"].get("volumes") or ()
        for source in (volume.get("projected") or {}).get("sources") or ()
    }


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
