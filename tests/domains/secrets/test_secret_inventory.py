from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from acceptance.domains.secrets.private_keys import private_parts
from acceptance.domains.secrets.secret_inventory import held_values
from acceptance.drivers.secret_configuration import ConfiguredKeys

CONFIGURED = ConfiguredKeys(("DATABASE_PASSWORD",), ("NEXT",), ("DATABASE_USER", "WINDOW"))
PASSWORD = "q8Zr_LmTx2-vKw"


def secret(data: dict[str, str], annotations: dict[str, str] | None = None) -> dict[str, Any]:
    """Return a Secret as the API sends it."""
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {"metadata": {"name": "own", "annotations": annotations or {}}, "data": encoded}


def texts(*secrets: dict[str, Any]) -> set[str]:
    """Return the secret values in Secrets."""
    return {value.text for value in held_values(secrets, CONFIGURED)}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("DATABASE_USER", "checkout_a"),
        ("username", "checkout"),
        ("POSTGRES_DB", "checkout_of_the_shop"),
        ("dbName", "checkout_of_the_shop"),
        ("DATABASE_HOST", "database.checkout.svc"),
        ("WINDOW", "K8d0fLw2-zzR9_qpXv5b"),
        ("mode", "verify-full"),
        ("TOKEN_TTL", "3600 seconds"),
        ("ca.crt", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
        ("DATABASE_URL", "postgresql://database:5432/checkout"),
        ("greeting", "hello visitors"),
        ("server", "db1.eu-west-1.internal:5432"),
        ("folder", "/var/lib/checkout/v2/data-of-2024"),
        ("empty", ""),
    ],
)
def test_what_is_public_is_no_secret(key: str, value: str) -> None:
    """A user, a database, a host, a certificate, and what nobody would have generated."""
    assert texts(secret({key: value})) == set()


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("DATABASE_PASSWORD", PASSWORD, PASSWORD),
        ("api-token", PASSWORD, PASSWORD),
        ("anything", "K8d0fLw2-zzR9_qpXv5b", "K8d0fLw2-zzR9_qpXv5b"),
        ("PIN", "4711", "4711"),
        ("DATABASE_URL", f"postgresql://shop:{PASSWORD}@database/shop", PASSWORD),
        ("dsn", f"host=database user=shop password={PASSWORD}", PASSWORD),
        ("app.ini", f"[database]\nuser = shop\npassword = {PASSWORD}\n", PASSWORD),
        (
            ".dockerconfigjson",
            json.dumps({"auths": {"registry": {"username": "shop", "password": PASSWORD}}}),
            PASSWORD,
        ),
    ],
)
def test_what_is_secret_is_found(key: str, value: str, wanted: str) -> None:
    """Also within a URL, settings and JSON; and what no pod uses."""
    assert wanted in texts(secret({key: value}))


def test_a_list_cannot_make_a_password_public() -> None:
    """Otherwise a team would list it to have no more failures."""
    configured = ConfiguredKeys((), (), ("DATABASE_PASSWORD",))
    (found,) = held_values([secret({"DATABASE_PASSWORD": PASSWORD})], configured)
    assert (found.origin, found.text) == ("own/DATABASE_PASSWORD", PASSWORD)
    assert PASSWORD not in repr(found)


def test_what_kubectl_remembers_is_secret_too() -> None:
    """After a rotation it still holds the values of before."""
    applied = secret({"DATABASE_PASSWORD": PASSWORD}) | {"stringData": {"NEXT": "bW3_kk0Zp-Xy17"}}
    name = "kubectl.kubernetes.io/last-applied-configuration"
    found = texts(secret({"DATABASE_PASSWORD": "other-R4_nd0m-value"}, {name: json.dumps(applied)}))
    assert found == {PASSWORD, "bW3_kk0Zp-Xy17", "other-R4_nd0m-value"}


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_the_private_parts_of_a_key_are_not_in_its_certificate(kind: str) -> None:
    """The public parts are in both, and may be read by everybody."""
    key: Any = (
        ec.generate_private_key(ec.SECP256R1())
        if kind == "ec"
        else rsa.generate_private_key(65537, 2048)
    )
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
    builder = builder.not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    forms = (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL)
    first, other = (
        key.private_bytes(Encoding.PEM, form, NoEncryption()).decode() for form in forms
    )
    parts = private_parts(first)
    assert parts
    assert not any(part in certificate.replace("\n", "") for part in parts)
    assert any(part in other.replace("\n", "") for part in parts)  # in another format
    pair = secret({"tls.key": first, "tls.crt": certificate})
    assert set(parts) <= texts(pair)
    assert certificate.strip() not in texts(pair)
