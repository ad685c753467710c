"""Takes the authority of a certificate to the namespaces of those who have to trust it.

A Certificate names them in an annotation. They get a ConfigMap with the authority, and never a key.
Pods that were there before see it at once, and a program that reads it only once is restarted.
"""

from __future__ import annotations

import base64
import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from acceptance.build.manifests import RUN_LABEL
from acceptance.drivers.kubernetes.cert_manager import has_cert_manager
from acceptance.drivers.kubernetes.connection import Refused
from acceptance.drivers.kubernetes.paths import api_path
from acceptance.errors import SystemFailure
from acceptance.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from acceptance.build.manifests import Manifest
    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.drivers.kubernetes.facts import Object

TRUSTED_IN = "checkout.tls/trusted-in"
"""The annotation of a Certificate: the namespaces in which its authority is trusted."""
RESTARTS = "checkout.tls/restarts"
"""The annotation of a Certificate: a Deployment beside it that reads it at its start only."""
_TRUSTED = "checkout.tls/trusted"
"""The annotation of a pod with the hash of what it trusts: a change wakes its kubelet."""
_AUTHORITY = "ca.crt"


def trusted_authorities(
    client: Kubernetes, objects: Sequence[Manifest], run_id: str, *, timeout: float
) -> tuple[Manifest, ...]:
    """Return the ConfigMaps with the authorities of those Certificates that are trusted elsewhere.

    Those that have one name in one namespace are in one ConfigMap: several may be trusted alike.

    Raises `SystemFailure` if cert-manager does not issue one within `timeout` seconds.
    """
    trusted: dict[tuple[str, str], list[str]] = {}
    for found in objects:
        if found["kind"] != "Certificate" or not (namespaces := _annotation(found, TRUSTED_IN)):
            continue
        name = found["spec"]["secretName"].removesuffix("-tls")
        authority = _await_authority(client, found, timeout)
        for namespace in namespaces.split():
            trusted.setdefault((namespace, f"{name}-authority"), []).append(authority)
    return tuple(_config_map(*where, run_id, "".join(all_)) for where, all_ in trusted.items())


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
        change = _marked([each])
        for pod in client.items(api_path("pods", namespace)):
            if name in _mounted(pod):
                with suppress(Refused):  # the pod may be gone
                    client.patch(api_path("pods", namespace, pod["metadata"]["name"]), change)


def restart_readers(
    client: Kubernetes, objects: Iterable[Manifest], authorities: Sequence[Manifest]
) -> tuple[str, ...]:
    """Restart the Deployments that Certificates among `objects` name; return their namespaces.

    The same `authorities` restart a Deployment once only.
    """
    namespaces = set()
    for found in objects:
        if found["kind"] == "Certificate" and (name := _annotation(found, RESTARTS)):
            namespace = found["metadata"]["namespace"]
            change = {"spec": {"template": _marked(authorities)}}
            client.patch(api_path("deployments", namespace, name), change)
            namespaces.add(namespace)
    return tuple(sorted(namespaces))


def _mounted(pod: Object) -> set[str]:
    """Return the ConfigMaps that a pod mounts, by themselves or joined with others."""
    volumes = pod["spec"].get("volumes") or ()
    joined = ((each.get("projected") or {}).get("sources") or () for each in volumes)
    sources = [*volumes, *(source for each in joined for source in each)]
    return {(each.get("configMap") or {}).get("name", "") for each in sources}


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
        error=SystemFailure,
    )
    return base64.b64decode(encoded).decode()


def _annotation(found: Manifest, name: str) -> str:
    return str((found["metadata"].get("annotations") or {}).get(name, ""))


def _marked(authorities: Iterable[Manifest]) -> dict[str, Any]:
    """Return a change of a pod, or of the template of pods, that depends on `authorities` only."""
    text = "".join(sorted(each["data"][_AUTHORITY] for each in authorities))
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return {"metadata": {"annotations": {_TRUSTED: digest}}}


def _config_map(namespace: str, name: str, run_id: str, authority: str) -> Manifest:
    labels = {RUN_LABEL: run_id}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "data": {_AUTHORITY: authority},
    }
