from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from checkout_backend.config import BadConfiguration, load

GOOD = {
    "DATABASE_HOST": "database",
    "DATABASE_PORT": "5432",
    "DATABASE_NAME": "checkout",
    "DATABASE_USER": "checkout",
    "DATABASE_PASSWORD": "pass-word-value",
    "SIGNING_KEY": "signing-key-value-of-32-letters!",
    "LOG_LEVEL": "info",
    "POD_NAME": "backend-1",
}


def test_a_good_configuration_is_read() -> None:
    """And what is not set has a default."""
    config = load(GOOD)
    assert config.database.port == 5432
    assert (config.listen_port, config.pool_size, config.drain_seconds) == (8000, 8, 3)
    assert config.pod_name == "backend-1"
    assert config.metrics


def test_metrics_can_be_switched_off() -> None:
    """So that what they cost can be measured."""
    assert not load(GOOD | {"METRICS": "off"}).metrics


def test_there_are_two_signing_keys_only_while_they_are_rotated() -> None:
    """The one that signs comes first, and an empty one is none."""
    other = "another-signing-key-of-32-letters"
    assert load(GOOD | {"SIGNING_KEY_ACCEPTED": " "}).signing_keys == (GOOD["SIGNING_KEY"],)
    config = load(GOOD | {"SIGNING_KEY_ACCEPTED": other})
    assert config.signing_keys == (GOOD["SIGNING_KEY"], other)
    assert other in config.secrets


def test_secrets_do_not_show_when_a_configuration_is_printed() -> None:
    """Somebody will print it."""
    config = load(GOOD)
    assert set(config.secrets) == {GOOD["DATABASE_PASSWORD"], GOOD["SIGNING_KEY"]}
    for secret in config.secrets:
        assert secret not in repr(config)


@pytest.mark.parametrize(
    "name",
    ["DATABASE_HOST", "DATABASE_NAME", "DATABASE_USER", "DATABASE_PASSWORD", "SIGNING_KEY"],
)
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_variable_is_named(name: str, value: str | None) -> None:
    """Empty is as good as missing."""
    env = {key: found for key, found in GOOD.items() if key != name}
    with pytest.raises(BadConfiguration, match=f"^{name} is missing: set this"):
        load(env if value is None else env | {name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_PORT", "tcp://10.0.0.1:5432"),
        ("DATABASE_PORT", "0"),
        ("DATABASE_PORT", "65536"),
        ("DATABASE_PORT", "٣"),
        ("LISTEN_PORT", "-1"),
        ("DRAIN_SECONDS", "soon"),
        ("DATABASE_POOL_SIZE", "0"),
        ("LOG_LEVEL", "loud"),
        ("METRICS", "no"),
        ("POD_NAME", "line\nbreak"),
        ("SIGNING_KEY", "short"),
        ("SIGNING_KEY_ACCEPTED", "short"),
    ],
)
def test_a_wrong_variable_is_named_with_what_would_be_right(name: str, value: str) -> None:
    """One sentence, and never the value of a secret."""
    with pytest.raises(BadConfiguration, match=f"^{name} .*: set it to ") as caught:
        load(GOOD | {name: value})
    assert "short" not in str(caught.value).replace("too short", "")


@pytest.mark.parametrize("module", ["checkout_backend", "checkout_backend.migrate"])
def test_a_start_without_configuration_ends_with_one_sentence(module: str) -> None:
    """No traceback, and an exit code that stops a rollout."""
    done = subprocess.run(
        [sys.executable, "-m", module],
        cwd=Path(__file__).parents[1],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "is missing: set this environment variable." in done.stderr
