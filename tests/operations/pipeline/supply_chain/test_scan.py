from __future__ import annotations

import json

import pytest

from acceptance.build.debian import DebianPackage, PackageOffer
from acceptance.domains.delivery.drivers.statements import SigningKey
from acceptance.errors import EnvironmentFailure
from operations.pipeline.parts import BACKEND
from operations.pipeline.supply_chain import scan as scanning
from operations.pipeline.supply_chain.scan import RESULT, scan
from tests.operations.pipeline.supply_chain.conftest import COMMIT, FILES, Build

KEY = SigningKey().private.encode()
KIND = b"PRIVATE KEY"  # apart from its line, so that this file holds no key
ENCRYPTED = (
    b"-----BEGIN RSA "
    + KIND
    + b"-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123\n\n"
    + b"QUJD" * 20
    + b"\n-----END RSA "
    + KIND
    + b"-----\n"
)


def offered(*packages: DebianPackage) -> PackageOffer:
    """Return what was fetched today."""
    return PackageOffer("today", fresh=True, packages=packages)


@pytest.fixture(autouse=True)
def offer(monkeypatch: pytest.MonkeyPatch) -> dict[str, PackageOffer]:
    """What the distribution offers: nothing new, unless a test changes it."""
    offers = {"now": offered(DebianPackage("libc6", "amd64", "2.36-9"))}
    monkeypatch.setattr(scanning, "offered_packages", lambda _: offers["now"])
    return offers


def test_a_sound_image_has_no_finding(built: Build) -> None:
    """The result says how much was scanned, and when."""
    image = built(FILES, {"etc/ssl/cert.pem": b"-----BEGIN CERTIFICATE-----\n"})
    assert scan(BACKEND, image) == ()
    result = json.loads((image / RESULT).read_text())
    assert result["scanner"]["result"] == {"packages": 1, "critical": []}
    assert result["scanner"]["db"]["version"] == "today"
    assert result["invocation"]["event_id"] == COMMIT
    assert result["metadata"]["scanFinishedOn"].endswith("Z")


def test_a_missing_update_is_critical(built: Build, offer: dict[str, PackageOffer]) -> None:
    """The package and both versions are named, also in the result."""
    offer["now"] = offered(DebianPackage("libc6", "amd64", "2.36-10"))
    image = built(FILES)
    found = "security update: libc6 2.36-9 (offered: 2.36-10)"
    assert scan(BACKEND, image) == (f"critical finding: backend: {found}",)
    result = json.loads((image / RESULT).read_text())
    assert result["scanner"]["result"]["critical"] == [found]


@pytest.mark.parametrize(
    "content", [KEY, ENCRYPTED, b"user: deploy\nkey: |\n" + KEY], ids=["plain", "encrypted", "in"]
)
def test_a_private_key_is_found_in_each_layer(built: Build, content: bytes) -> None:
    """Also in one whose file a later layer deletes, because everybody can read it."""
    image = built(FILES, {"etc/deploy.pem": content}, {"etc/.wh.deploy.pem": b""})
    assert scan(BACKEND, image) == (
        "critical finding: backend: private key: etc/deploy.pem in layer 2",
    )


def test_a_program_that_knows_what_a_key_looks_like_has_none(built: Build) -> None:
    """It has the first line alone."""
    image = built(FILES, {"usr/lib/keys.py": b'BEGIN = "-----BEGIN ' + KIND + b'-----\\n"\n'})
    assert scan(BACKEND, image) == ()


def test_old_lists_of_updates_prove_nothing(built: Build, offer: dict[str, PackageOffer]) -> None:
    """Without the distribution nobody knows what is missing."""
    offer["now"] = PackageOffer("last week", fresh=False, packages=())
    image = built(FILES)
    with pytest.raises(EnvironmentFailure, match=r"does not answer; its last lists are of last"):
        scan(BACKEND, image)
    assert not (image / RESULT).exists()


def test_an_image_needs_a_source_of_updates(built: Build) -> None:
    """Or nobody knows which it lacks."""
    image = built({"var/lib/dpkg/status": FILES["var/lib/dpkg/status"]})
    with pytest.raises(EnvironmentFailure, match="no package source of security updates"):
        scan(BACKEND, image)
