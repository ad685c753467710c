from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from acceptance.drivers.certificate_names import is_named
from acceptance.drivers.tls import read_certificate, trusting


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("checkout.local", ["checkout.local"]),
        ("checkout.local", ["www.checkout.local", "checkout.local"]),
        ("Checkout.Local.", ["CHECKOUT.local"]),
        ("shop.checkout.local", ["*.checkout.local"]),
        ("bücher.example", ["xn--bcher-kva.example"]),
    ],
)
def test_a_host_is_named(host: str, names: list[str]) -> None:
    """By itself, as one of several, in other letters, or by a wildcard for its first label."""
    assert is_named(host, names)


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("checkout.local", []),
        ("checkout.local", ["checkout.local.example"]),
        ("checkout.local", ["*.checkout.local"]),
        ("a.shop.checkout.local", ["*.checkout.local"]),
        ("a.shop.checkout.local", ["*.*.checkout.local"]),
        ("shop.checkout.local", ["s*.checkout.local"]),
        ("shop.checkout.local", ["shop.*.local"]),
        ("checkout.local", ["*.local"]),
        ("checkout.local", ["*"]),
        (".checkout.local", ["*.checkout.local"]),
        ("192.0.2.1", ["192.0.2.1", "*.0.2.1"]),
    ],
)
def test_a_host_is_not_named(host: str, names: list[str]) -> None:
    """A wildcard stands for one whole label, never for two or a part; an address is no name."""
    assert not is_named(host, names)


def test_an_address_is_named_by_an_address() -> None:
    """However it is written."""
    assert is_named("[2001:db8::1]", [], ["2001:0db8::0:1"])
    assert is_named("192.0.2.1", [], ["192.0.2.1"])
    assert not is_named("192.0.2.2", [], ["192.0.2.1"])
    assert not is_named("checkout.local", [], ["192.0.2.1"])


def certificate(*names: x509.GeneralName) -> bytes:
    """Return a certificate for these names, whose common name is checkout.local."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "checkout.local")])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def test_the_common_name_is_no_name() -> None:
    """Clients have stopped reading it, and so does the one of the suite."""
    assert not read_certificate(certificate()).is_for("checkout.local")
    both = x509.DNSName("*.checkout.local"), x509.IPAddress(ip_address("192.0.2.1"))
    found = read_certificate(certificate(*both))
    assert found.is_for("shop.checkout.local")
    assert found.is_for("192.0.2.1")
    assert not found.is_for("checkout.local")
    assert str(found).startswith("the certificate for *.checkout.local, 192.0.2.1 by ")
    authority = ssl.DER_cert_to_PEM_cert(certificate())
    assert trusting(authority).hostname_checks_common_name is False
