from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from acceptance.domains.pod_security.credentials import VolumeMount, opens, volume_mounts
from acceptance.drivers.container_credentials import FoundCredential

NOW = 1_800_000_000.0
ACCOUNT = {"sub": "system:serviceaccount:shop:backend", "aud": ["vault"], "exp": NOW + 60}
MOUNTS = (
    VolumeMount("/etc/tls", "secret"),
    VolumeMount("/etc/settings", "a ConfigMap"),
    VolumeMount("/etc/settings/deep", "secret"),
    VolumeMount("/var/run/tls", "projected"),
    VolumeMount("/tmp", "emptyDir"),
)


def certificate(
    name: str, issuer: x509.Certificate | None, key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    """Return a certificate that is signed with `key`."""
    issued_by = (
        issuer.subject if issuer else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    )
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issued_by)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )


KEY, OTHER_KEY = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
CLUSTER, OTHER = certificate("kubernetes", None, KEY), certificate("kubernetes", None, OTHER_KEY)
CLIENT = certificate("admin", CLUSTER, KEY).public_bytes(Encoding.PEM).decode()


def judge(found: FoundCredential, *authorities: x509.Certificate) -> str | None:
    """Return what a credential is for a container with these mounts."""
    return opens(found, MOUNTS, authorities, NOW)


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        (ACCOUNT, "a token of a service account for vault"),
        ({"kubernetes.io": {}, "aud": "x"}, "a token of a service account for x"),
        ({"sub": "somebody", "exp": NOW + 1}, "a bearer token"),
        ({}, "a bearer token"),
        ({**ACCOUNT, "exp": NOW - 1}, None),
    ],
)
def test_a_token_opens_something_until_it_expires(
    claims: dict[str, object], said: str | None
) -> None:
    """Of a service account for any audience, and of anybody else; one without an end does not."""
    assert judge(FoundCredential("jwt", "/tmp/x", claims)) == said


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("kubeconfig", "a kubeconfig"),
        ("cloud", "a credential of a cloud"),
        ("service", "a token of another service"),
    ],
)
def test_what_opens_something_else_is_named(kind: str, said: str) -> None:
    """Wherever it comes from."""
    assert judge(FoundCredential(kind, "/etc/tls/file")) == said


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("/etc/tls/..2026_1/tls.key", None),
        ("/run/tls/tls.key", None),
        ("/tmp/made-at-start.key", None),
        ("/etc/settings/deep/tls.key", None),
        ("/etc/settings/..2026_1/tls.key", "a private key from a ConfigMap"),
        ("/etc/tls-of-old/tls.key", "a private key from the image"),
        ("/srv/id_rsa", "a private key from the image"),
    ],
)
def test_a_private_key_comes_from_a_secret_or_is_made_where_it_is(
    place: str, said: str | None
) -> None:
    """Not from a ConfigMap, and not from the image; the nearest mount counts."""
    assert judge(FoundCredential("key", place), CLUSTER) == said


def test_a_client_certificate_of_the_cluster_opens_the_api() -> None:
    """Also from a Secret; one of another authority with the same name does not."""
    found = FoundCredential("key", "/etc/tls/tls.key", certificates=CLIENT)
    said = "a private key with a certificate of the cluster's own authority"
    assert judge(found, OTHER, CLUSTER) == said
    assert judge(found, OTHER) is None
    assert judge(found) is None
    torn = FoundCredential("key", "/etc/tls/tls.key", certificates=CLIENT[:90])
    assert judge(torn, CLUSTER) is None


def test_mounts_are_those_of_the_container() -> None:
    """With what their volumes are; a projected volume may be nothing but ConfigMaps."""
    pod = {
        "spec": {
            "volumes": [
                {"name": "a", "configMap": {"name": "x"}},
                {"name": "b", "projected": {"sources": [{"secret": {}}, {"configMap": {}}]}},
                {"name": "c", "projected": {"sources": [{"configMap": {}}, {"downwardAPI": {}}]}},
                {"name": "d", "emptyDir": {}},
            ],
            "containers": [
                {
                    "name": "web",
                    "volumeMounts": [{"name": n, "mountPath": f"/{n}/"} for n in "abcd"],
                },
                {"name": "other", "volumeMounts": [{"name": "a", "mountPath": "/z"}]},
            ],
        }
    }
    assert volume_mounts(pod, "web") == (
        VolumeMount("/a", "a ConfigMap"),
        VolumeMount("/b", "projected"),
        VolumeMount("/c", "a ConfigMap"),
        VolumeMount("/d", "emptyDir"),
    )
