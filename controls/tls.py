"""Sabotages that the domain tls has to detect: certificates, TLS options and security headers."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from acceptance.drivers.tls import probe_tls
from acceptance.errors import EnvironmentFailure
from acceptance.waiting import eventually
from controls.control import control

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_CERT_MANAGER = "cert-manager"
_INGRESS = "ingress"
_SERVED = "secret/checkout-tls"
_AUTHORITY = "secret/test-authority"
_SECONDS = 60.0
_CIPHERS = r"\n +cipherSuites:(\n +- TLS_\w+)+"


@control(
    "TASK-002-AC-3",
    "Visitors can trust the certificate",
    expects="is not trusted: unable to get local issuer certificate .*Another authority",
)
def certificate_from_another_authority(saboteur: Saboteur) -> None:
    """Install a certificate for the right name that another authority has issued."""
    stop_cert_manager(saboteur)
    key, name = ec.generate_private_key(ec.SECP256R1()), _named("Another authority")
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


def stop_cert_manager(saboteur: Saboteur) -> None:
    """Stop the controllers, which would repair the certificate at once."""
    where = _CERT_MANAGER
    saboteur.afterwards("rollout", "status", "deployment/cert-manager", namespace=where)
    saboteur.patch("deployment/cert-manager", {"spec": {"replicas": 0}}, namespace=where)
    pods = ("pod", "--selector=app.kubernetes.io/name=cert-manager")
    saboteur.kubectl("wait", "--for=delete", *pods, "--timeout=60s", namespace=where)


def configure_ingress(saboteur: Saboteur, *changes: tuple[str, str]) -> None:
    """Restart the ingress controller with changed options."""
    found = json.loads(
        saboteur.kubectl("get", "deployment/traefik", "--output=json", namespace=_INGRESS)
    )
    volumes = found["spec"]["template"]["spec"]["volumes"]
    index = next(i for i, each in enumerate(volumes) if "configMap" in each)
    options = f"configmap/{volumes[index]['configMap']['name']}"
    held = json.loads(saboteur.kubectl("get", options, "--output=json", namespace=_INGRESS))["data"]
    (name, text), *_ = held.items()
    for pattern, replacement in changes:
        text, count = re.subn(pattern, replacement, text)
        if not count:
            raise ValueError(f"{options} has no match for {pattern}")
    misconfigured = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "misconfigured"},
        "data": {name: text},
    }
    saboteur.create(misconfigured, namespace=_INGRESS)
    rollout = ("rollout", "status", "deployment/traefik")
    saboteur.afterwards(*rollout, namespace=_INGRESS)
    path = f"/spec/template/spec/volumes/{index}/configMap/name"
    saboteur.patch(
        "deployment/traefik",
        [{"op": "replace", "path": path, "value": "misconfigured"}],
        kind="json",
        namespace=_INGRESS,
    )
    saboteur.kubectl(*rollout, namespace=_INGRESS)


def authority(saboteur: Saboteur) -> tuple[x509.Name, ec.EllipticCurvePrivateKey]:
    """Return the name and the key of the system's authority."""
    held = json.loads(saboteur.kubectl("get", _AUTHORITY, "--output=json"))["data"]
    certificate = x509.load_pem_x509_certificate(base64.b64decode(held["tls.crt"]))
    key = serialization.load_pem_private_key(base64.b64decode(held["tls.key"]), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return certificate.subject, key


def serve(
    saboteur: Saboteur,
    issuer: x509.Name,
    by: ec.EllipticCurvePrivateKey,
    *,
    until: timedelta,
    names: tuple[str, ...] = (),
) -> None:
    """Install a certificate from `issuer`, and wait until it is served.

    It is for the system's name, unless `names` has others.
    """
    key, host = ec.generate_private_key(ec.SECP256R1()), saboteur.system.host
    now, dns_names = datetime.now(UTC), [x509.DNSName(name) for name in names or (host,)]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_named(host))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=90))
        .not_valid_after(now + until)
        .add_extension(x509.SubjectAlternativeName(dns_names), critical=False)
        .sign(by, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pair = {
        "tls.crt": certificate.public_bytes(serialization.Encoding.PEM),
        "tls.key": private,
    }
    data = {name: base64.b64encode(value).decode("ascii") for name, value in pair.items()}
    saboteur.patch(_SERVED, {"data": data})
    system, wanted = saboteur.system, f"{certificate.serial_number:x}"
    eventually(
        lambda: probe_tls(
            system.address, system.https_port, host, system.authority, timeout=_SECONDS
        ),
        lambda seen: seen.certificate is not None and seen.certificate.serial == wanted,
        timeout=_SECONDS,
        what="the ingress serves the sabotaged certificate",
        error=EnvironmentFailure,
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


@control(
    "TASK-002-AC-3",
    "Old protocols and weak ciphers are refused",
    expects="Old protocols and weak ciphers could not be tried: sslyze is not installed",
    verdict="unverified",
)
@control(
    "TASK-001-DOD-3",
    "A security scan of the release finds nothing critical",
    expects=r"No scanner could scan the deployment \(checkov: checkov is not installed",
    verdict="unverified",
)
def scanner_not_installed(saboteur: Saboteur) -> None:
    """Release from a machine on which the scanners are not installed."""
    (saboteur.repository() / ".tools").unlink()
