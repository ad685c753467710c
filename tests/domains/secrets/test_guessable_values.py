from __future__ import annotations

import base64
import secrets

import pytest

from acceptance.domains.secrets.guessable_values import LEAST_BITS, guess_bits, value_fault


def twice(value: str) -> str:
    """Return a value as a tool encodes it that did not know that another one does, too."""
    return base64.b64encode(value.encode()).decode()


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("  ", "is empty"),
        ("changeme", "is a placeholder"),
        (twice("changeme"), "is a placeholder"),
        (twice(twice("changeme")), "is a placeholder"),
        ("change-this-in-production", "is a placeholder"),
        ("change-this-signing-key-before-you-go-live", "is a placeholder"),
        ("REPLACE_WITH_SECURE_PASSWORD", "is a placeholder"),
        ("TBD-TBD-TBD", "is a placeholder"),
        ("TODO: ask the platform team", "is a placeholder"),
        ("xxxxxxxxxxxx", "is a placeholder"),
        ("null", "is a placeholder"),
        ("changeit", "is a placeholder"),
        ("<your key>", "is template syntax"),
        ("${DATABASE_PASSWORD}", "is template syntax"),
        ("$DATABASE_PASSWORD", "is template syntax"),
        ("$(DATABASE_PASSWORD)", "is template syntax"),
        ("{{ .Values.password }}", "is template syntax"),
        ("<%= password %>", "is template syntax"),
        ("__DATABASE_PASSWORD__", "is template syntax"),
        ("op://vault/database/password", "is template syntax"),
        ("vault:secret/data/database#password", "is template syntax"),
        ("ENC[AES256_GCM,data:abcd]", "is template syntax"),
        ("Welcome2024!", "consists of words"),
        ("hunter22", "consists of words"),
        ("P@ssw0rd!", "consists of words"),
        ("my-super-secret-jwt-key", "consists of words"),
        ("your-256-bit-secret", "consists of words"),
        ("shop_2024", "consists of words"),
        ("DATABASE_PASSWORD", "consists of words"),
        ("12345678901234567890", "is too easy to guess"),
        ("482913", "is too easy to guess"),
    ],
)
def test_a_value_that_nobody_generated_is_recognised(value: str, fault: str) -> None:
    """By what it is, not by a list of whole values."""
    found = value_fault(value, generated=True, known=("shop", "DATABASE_PASSWORD"))
    assert found is not None
    assert found.startswith(fault)


@pytest.mark.parametrize(
    "value",
    [
        "Zm9yIHJlYWw-6bN_kq",
        "kq7xZ2",
        "x7Kp2mQz",
        "$xKKmK1_CGQP_yuO",
        "zebra-trumpet-violin-glacier",
        "-----BEGIN CONFIG-----\n# an example\npassword = 4Kd9wq1Z\n",
    ],
)
def test_a_generated_value_passes(value: str) -> None:
    """Also a short one, a pass phrase, and a file with a comment."""
    assert value_fault(value, generated=True, known=("shop",)) is None


def test_no_random_value_is_called_a_placeholder() -> None:
    """However it was generated."""
    made = [
        make(length)
        for length in (8, 16, 32)
        for make in (secrets.token_hex, secrets.token_urlsafe)
        for _ in range(100)
    ]
    assert [value for value in made if value_fault(value, generated=True)] == []


def test_a_value_that_nobody_generates_may_be_short() -> None:
    """Only a placeholder is none, such as in a Secret that was made by hand."""
    assert value_fault("4711", generated=False) is None
    assert value_fault("todo", generated=False) == "is a placeholder"


def test_words_years_and_sequences_count_little() -> None:
    """A random value of the same length counts more."""
    for guessed, random in (("Summer2025!", "kW9xTq4ZrLp"), ("qwertyuiop", "hgxkwmzqpv")):
        assert guess_bits(guessed) < LEAST_BITS < guess_bits(random)
