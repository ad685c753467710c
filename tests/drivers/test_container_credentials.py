from __future__ import annotations

import base64
import json
import os
import subprocess
from pathlib import Path

import pytest

from acceptance.drivers.container_credentials import (
    FoundCredential,
    parse_credentials,
    search_script,
)
from acceptance.drivers.self_signed import self_signed

PLACES = "  echo /\n  echo /dev/shm\n  cut -d' ' -f2 /proc/self/mounts | grep -vE"
VARIABLES = "variables() { env -0 | tr '\\0' '\\n' | grep -aE '^MADE_UP[A-Z_]*='; }\n"
CLAIMS = {"sub": "system:serviceaccount:shop:backend"}

BEGIN = "-----BEGIN "
"""Apart from the rest, which a scan for secrets would take for a key."""


def token(claims: object) -> str:
    """Return a token with these claims and a signature that nobody checks."""
    header, payload = (
        base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=")
        for each in ({"alg": "RS256", "kid": "made-up"}, claims)
    )
    return f"{header}.{payload}.c2lnbmF0dXJl"


def search(folder: Path, **variables: str) -> tuple[FoundCredential, ...]:
    """Run the script on a folder, with these variables of the environment."""
    script = search_script()
    start, end = script.index(PLACES), script.index("\n} | while")
    script = f"{script[:start]}  echo '{folder}'{script[end:]}"
    done = subprocess.run(
        ["sh", "-c", VARIABLES + script],
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    assert not done.stderr
    assert "c2lnbmF0dXJl" not in done.stdout
    return parse_credentials(done.stdout.splitlines(), variables)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (token(CLAIMS), "jwt"),
        (f"Authorization: Bearer {token(CLAIMS)}\n", "jwt"),
        ("users:\n- user:\n    client-key-data: LS0t\n", "kubeconfig"),
        ('{"kind": "Config", "current-context": "prod"}', "kubeconfig"),
        (f"{BEGIN}PRIVATE KEY-----\nMIIE\n", "key"),
        (f"{BEGIN}RSA PRIVATE KEY-----\nMIIE\n", "key"),
        ("[default]\naws_access_key_id = AKIA" + "B" * 16, "cloud"),
        ("aws_secret_access_key=" + "a" * 40, "cloud"),
        ('{\n  "type": "service_account",\n  "project_id": "x"\n}', "cloud"),
        ("DefaultEndpointsProtocol=https;AccountKey=" + "b" * 86 + "==;", "cloud"),
        ("ghp_" + "c" * 36, "service"),
    ],
)
def test_each_kind_of_credential_is_found(tmp_path: Path, text: str, kind: str) -> None:
    """By its content, whatever the file is called and however deep it lies."""
    file = tmp_path / "a folder" / "notes.txt"
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    (found,) = search(tmp_path)
    assert (found.kind, found.place) == (kind, str(file))


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter2",
        "-----BEGIN CERTIFICATE-----\nMIIE\n",
        "-----BEGIN PUBLIC KEY-----\nMIIE\n",
        "eyJ is how a token begins",
        "the key client-key-data of a kubeconfig",
        'aws_secret_access_key = os.environ["KEY"]',
        '{"type": "object"}',
    ],
)
def test_what_opens_nothing_is_not_found(tmp_path: Path, text: str) -> None:
    """A certificate, a public key, and programs and pages that speak of credentials."""
    (tmp_path / "file").write_text(text, encoding="utf-8")
    assert search(tmp_path) == ()


def test_the_claims_of_a_token_are_read(tmp_path: Path) -> None:
    """Without its signature; what is no JSON has no claims, and is a token all the same."""
    (tmp_path / "token").write_text(token(CLAIMS), encoding="utf-8")
    (tmp_path / "zzz").write_text("eyJhbGciOiJSUzI1NiJ9.eyJub3QganNvbiE.x", encoding="utf-8")
    first, second = search(tmp_path)
    assert (first.claims, second.claims) == (CLAIMS, {})


def test_variables_are_searched(tmp_path: Path) -> None:
    """By value, and by the names that clients of clouds look for."""
    found = search(tmp_path, MADE_UP_A=f"x={token(CLAIMS)}", AWS_SESSION_TOKEN="y")
    assert [(each.kind, each.place) for each in found] == [
        ("jwt", "$MADE_UP_A"),
        ("cloud", "$AWS_SESSION_TOKEN"),
    ]
    assert found[0].claims == CLAIMS


def test_the_certificates_beside_a_private_key_come_with_it(tmp_path: Path) -> None:
    """They say who has issued it, and so what it opens."""
    key, marker, certificate = self_signed("client").partition("-----BEGIN CERTIFICATE-----")
    (tmp_path / "tls.key").write_text(key, encoding="utf-8")
    (tmp_path / "tls.crt").write_text(marker + certificate, encoding="utf-8")
    (found,) = search(tmp_path)
    assert found.place == str(tmp_path / "tls.key")
    assert found.certificates.strip() == (marker + certificate).strip()
