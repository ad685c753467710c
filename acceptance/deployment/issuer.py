"""Who vouches for the certificate of a system's ingress, and whether the ingress serves it yet."""

from __future__ import annotations

import base64
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from acceptance.build.custom_resources import GROUP
from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.tls import Handshake, probe_tls
from acceptance.waiting import DeadlineExceeded, eventually

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.build.manifests import Manifest
    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.settings import Timeouts
    from acceptance.system import System

_API = f"/apis/{GROUP}/v1"
_CLUSTER_RESOURCES = "cert-manager"
"""Where cert-manager keeps the Secrets of ClusterIssuers, unless it is told otherwise."""


@dataclass(frozen=True)
class Issuer:
    """An authority, as far as it is known, and what the ingress served to who trusts it."""

    authority: str | None
    """Its certificate as PEM; empty for one whom the machine trusts; None before it has any."""
    seen: Handshake

    @property
    def complete(self) -> bool:
        """Whether the ingress serves what the authority vouches for."""
        return self.authority is not None and self.seen.verified

    def __str__(self) -> str:
        """Say what is missing."""
        return str(self.seen)


def declares_tls(objects: Sequence[Manifest], host: str) -> bool:
    """Say whether an Ingress among `objects` declares TLS for `host`."""
    return any(
        host in (entry.get("hosts") or ())
        for each in objects
        if each["kind"] == "Ingress"
        for entry in each["spec"].get("tls") or ()
    )


def wants_cert_manager(objects: Sequence[Manifest]) -> bool:
    """Say whether there is anything among `objects` that only cert-manager understands."""
    return any(each["apiVersion"].startswith(f"{GROUP}/") for each in objects)


def has_cert_manager(client: Kubernetes) -> bool:
    """Say whether the cluster knows cert-manager's kinds."""
    return client.exists(_API)


def await_certificate(
    client: Kubernetes,
    system: System,
    timeouts: Timeouts,
    error: type[Exception] = DeadlineExceeded,
) -> System:
    """Return the system with its authority, once its ingress serves what that vouches for.

    A system whose visitors come without encryption is returned as it is. Raises `error` with what
    the ingress serves instead.
    """
    if not system.secure:
        return system
    found = eventually(
        lambda: _look(client, system, timeouts.request),
        lambda vouching: vouching.complete,
        timeout=timeouts.certificate,
        what=f"the ingress serves a certificate for {system.host} by its authority",
        remedy=f"kubectl --namespace {system.namespace} describe certificates",
        error=error,
    )
    return replace(system, authority=found.authority or "")


def _look(client: Kubernetes, system: System, timeout: float) -> Issuer:
    authority = None
    with suppress(Refused):  # an API server that is busy is asked again
        authority = _authority(client, system)
    if authority is None:
        nobody = Handshake("the issuer has no certificate of its own yet", "", "", None)
        return Issuer(None, nobody)
    seen = probe_tls(system.address, system.https_port, system.host, authority, timeout=timeout)
    return Issuer(authority, seen)


def _authority(client: Kubernetes, system: System) -> str | None:
    """Return the certificate of the issuer that the Ingress names.

    It is the issuer's own, never the one beside the served certificate: whoever puts another
    certificate there would bring another authority with it. Only certificates are read of Secrets.
    """
    ingresses = f"/apis/networking.k8s.io/v1/namespaces/{system.namespace}/ingresses"
    for ingress in client.items(ingresses):
        hosts = {host for each in ingress["spec"].get("tls") or () for host in each["hosts"]}
        if system.host not in hosts:
            continue
        annotations = ingress["metadata"].get("annotations") or {}
        own, shared = (annotations.get(f"{GROUP}/{k}") for k in ("issuer", "cluster-issuer"))
        if own:
            namespace = system.namespace
            issuer = client.read(f"{_API}/namespaces/{namespace}/issuers/{own}")
        elif shared:
            namespace = _CLUSTER_RESOURCES
            issuer = client.read(f"{_API}/clusterissuers/{shared}")
        else:
            return ""  # somebody else's certificate: the public's trust is all there is
        if issuer is None:
            return None
        if "ca" not in issuer["spec"]:
            return ""
        name = issuer["spec"]["ca"]["secretName"]
        secret = client.read(f"/api/v1/namespaces/{namespace}/secrets/{name}")
        held = ((secret or {}).get("data") or {}).get("tls.crt")
        return base64.b64decode(held).decode("ascii") if held else None
    return None
