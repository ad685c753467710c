"""Whether the Ingress declares TLS, and what a TLS client gets from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.drivers.tls import probe_tls
from acceptance.judgement import require

if TYPE_CHECKING:
    from acceptance.drivers.tls import CertificateFacts, Handshake
    from acceptance.system import System


def require_tls_declared(system: System) -> None:
    """Raise an `AssertionError` unless the system's Ingress declares TLS."""
    require(
        system.secure,
        f"The Ingress declares no TLS for {system.host}, so visitors come unencrypted. "
        "Try: a tls section, as in manifests/components/tls.",
    )


def probe_ingress(system: System, timeout: float) -> Handshake:
    """Connect to the ingress with TLS, and trust only the system's authority; in seconds."""
    address, port = system.address, system.https_port
    return probe_tls(address, port, system.host, system.authority, timeout=timeout)


def served_certificate(seen: Handshake) -> CertificateFacts:
    """Return the certificate that the ingress served, also if it is not trusted."""
    if seen.certificate is None:
        raise AssertionError(f"The ingress serves no certificate: {seen}.")
    return seen.certificate
