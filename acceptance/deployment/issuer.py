"""Finds the issuer of a system's certificate, and waits until the ingress serves what it issued."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from acceptance.build.custom_resources import GROUP
from acceptance.drivers.kubernetes.cert_manager import (
    issuer_certificate,
    tls_declarations,
    tls_entries,
)
from acceptance.drivers.kubernetes.client import Refused
from acceptance.drivers.tls import Handshake, probe_tls
from acceptance.waiting import DeadlineExceeded, eventually

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.build.manifests import Manifest
    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.settings import Timeouts
    from acceptance.system import System


@dataclass(frozen=True)
class Issuer:
    """Who issues the certificate of the ingress, and what the ingress serves to who trusts that."""

    authority: str | None
    """Its own certificate as PEM; empty for a public authority; None while it has none yet."""
    seen: Handshake

    @property
    def complete(self) -> bool:
        """Whether the ingress serves a certificate that this authority issued."""
        return self.authority is not None and self.seen.verified

    def __str__(self) -> str:
        """Say what the ingress serves."""
        return str(self.seen)


def declares_tls(objects: Sequence[Manifest], host: str) -> bool:
    """Return whether an Ingress among `objects` declares TLS for `host`."""
    return any(tls_entries(each, host) for each in objects if each["kind"] == "Ingress")


def wants_cert_manager(objects: Sequence[Manifest]) -> bool:
    """Return whether any of `objects` is of a kind of cert-manager."""
    return any(each["apiVersion"].startswith(f"{GROUP}/") for each in objects)


def await_certificate(
    client: Kubernetes,
    system: System,
    timeouts: Timeouts,
    error: type[Exception] = DeadlineExceeded,
) -> System:
    """Return the system with its authority, once its ingress serves a certificate of that.

    A system without TLS is returned unchanged. Raises `error` with what the ingress serves instead.
    """
    if not system.secure:
        return system
    found = eventually(
        lambda: _issuer(client, system, timeouts.request),
        lambda issuer: issuer.complete,
        timeout=timeouts.certificate,
        what=f"the ingress serves a certificate for {system.host} from its issuer",
        remedy=f"kubectl --namespace {system.namespace} describe certificates",
        error=error,
    )
    return replace(system, authority=found.authority or "")


def _issuer(client: Kubernetes, system: System, timeout: float) -> Issuer:
    """Look for the issuer, and at what the ingress serves now.

    The issuer's own certificate counts, never the one beside the served certificate: whoever
    replaced the served one could replace that as well.
    """
    authority = None
    with suppress(Refused):  # a busy API server is asked again
        declared = tls_declarations(client, system.namespace, system.host)
        if declared:
            # Of several Ingresses for the host, one asks for the certificate that all of them use.
            asking = next((each for each in declared if each.asks), declared[0])
            authority = issuer_certificate(client, system.namespace, asking)
    if authority is None:
        absent = Handshake("the issuer has no certificate of its own yet", "", "", None)
        return Issuer(None, absent)
    seen = probe_tls(system.address, system.https_port, system.host, authority, timeout=timeout)
    return Issuer(authority, seen)
