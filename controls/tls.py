"""Sabotages that the domain tls has to detect: certificates, TLS options and security headers."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec

from controls.changed_ingress import authority, configure_ingress, named, serve, stop_cert_manager
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_CIPHERS = r"\n +cipherSuites:(\n +- TLS_\w+)+"


@control(
    "TASK-002-AC-3",
    "Visitors can trust the certificate",
    expects="is not trusted: unable to get local issuer certificate .*Another authority",
)
def certificate_from_another_authority(saboteur: Saboteur) -> None:
    """Install a certificate for the right name that another authority has issued."""
    stop_cert_manager(saboteur)
    key, name = ec.generate_private_key(ec.SECP256R1()), named("Another authority")
    serve(saboteur, name, key, until=timedelta(days=30))


@control(
    "TASK-002-AC-3",
    "Visitors can trust the certificate",
    expects="is not trusted: certificate has expired .*Checkout test authority",
)
def certificate_expired(saboteur: Saboteur) -> None:
    """Forget to renew the certificate until it has expired."""
    stop_cert_manager(saboteur)
    name, key = authority(saboteur)
    serve(saboteur, name, key, until=timedelta(hours=-1))


@control(
    "TASK-002-AC-3",
    "Visitors can trust the certificate",
    expects="its renewal is scheduled for 2020-01-31",
)
def renewal_overdue(saboteur: Saboteur) -> None:
    """Lose the controllers of cert-manager, with a certificate whose renewal is overdue."""
    stop_cert_manager(saboteur)
    change = {"status": {"renewalTime": "2020-01-31T00:00:00Z"}}
    saboteur.kubectl(
        *("patch", "certificate/checkout-tls", "--subresource=status", "--type=merge"),
        f"--patch={json.dumps(change)}",
    )


@control(
    "TASK-002-AC-3",
    "Old protocols and weak ciphers are refused",
    expects=r"The ingress accepts TLS 1\.0, with TLS_ECDHE_",
)
def old_protocols_enabled(saboteur: Saboteur) -> None:
    """Serve clients of 2006, with the protocols and ciphers that they have."""
    minimum = ("minVersion: VersionTLS12", "minVersion: VersionTLS10")
    configure_ingress(saboteur, minimum, (_CIPHERS, ""))


@control(
    "TASK-002-AC-3",
    "Old protocols and weak ciphers are refused",
    expects=r"accepts weak ciphers of TLS 1\.2: TLS_ECDHE_ECDSA\S+_CBC_SHA",
)
def default_ciphers(saboteur: Saboteur) -> None:
    """Accept the ciphers that the ingress controller accepts by default."""
    configure_ingress(saboteur, (_CIPHERS, ""))


@control(
    "TASK-002-AC-3",
    "Unencrypted requests are redirected to HTTPS",
    expects="An unencrypted request is not redirected to HTTPS: GET / → HTTP 200",
)
def https_redirect_disabled(saboteur: Saboteur) -> None:
    """Serve visitors over plain HTTP."""
    annotation = {"nginx.ingress.kubernetes.io/ssl-redirect": "false"}
    saboteur.patch("ingress/checkout", {"metadata": {"annotations": annotation}})
    saboteur.await_plain_answer("/", 200)


@control(
    "TASK-002-AC-3",
    "Every response has the security headers",
    expects="The response to GET / has no HSTS header",
)
def hsts_disabled(saboteur: Saboteur) -> None:
    """Forget the header that keeps browsers on HTTPS."""
    configure_ingress(saboteur, (r"stsSeconds: \d+", "stsSeconds: 0"))


@control(
    "TASK-002-AC-3",
    "Every response has the security headers",
    expects="In the response to GET / x-frame-options is missing",
)
def frame_options_disabled(saboteur: Saboteur) -> None:
    """Forget a header, for which the page has its own policy, but the API has not."""
    configure_ingress(saboteur, ("frameDeny: true", "frameDeny: false"))


@control(
    "TASK-002-AC-3",
    "A certificate is renewed without downtime",
    expects="the ingress serves a renewed certificate: .*: it still serves",
)
def cert_manager_stopped(saboteur: Saboteur) -> None:
    """Leave cert-manager scaled to zero, so that no request for a renewal is served."""
    stop_cert_manager(saboteur)


@control(
    "TASK-002-AC-3",
    "Old protocols and weak ciphers are refused",
    expects="Old protocols and weak ciphers could not be tried: sslyze is not installed",
    verdict="unverified",
)
@control(
    "TASK-001-DOD-3",
    "A security scan of the release finds nothing critical",
    expects=r"No scanner could scan .*the deployment \(checkov: checkov is not installed",
    verdict="unverified",
)
def scanner_not_installed(saboteur: Saboteur) -> None:
    """Release from a machine on which the scanners are not installed."""
    (saboteur.repository() / ".tools").unlink()
