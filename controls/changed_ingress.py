"""Changes the certificate and the options of the ingress, for several sabotages."""

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

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_CERT_MANAGER = "cert-manager"
_INGRESS = "ingress"
_SERVED = "secret/checkout-tls"
_AUTHORITY = "secret/test-authority"
_SECONDS = 60.0


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
        .subject_name(named(host))
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


def named(name: str) -> x509.Name:
    """Return the name of an authority or a subject."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
