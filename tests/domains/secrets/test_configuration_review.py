from __future__ import annotations

import base64
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.domains.secrets import ConfigurationReviewer, SecretKeys
from acceptance.domains.secrets.configuration_review import _used_keys, _weak_values
from acceptance.drivers.kubernetes.facts import SecretUse
from acceptance.drivers.secret_configuration import ConfiguredKeys
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

KEYS = SecretKeys(
    used=(("backend-1", "SIGNING_KEY"), ("backend-1", "NEXT")),
    absent=(),
    named=("SIGNING_KEY",),
    optional=("NEXT",),
    weak=(),
)


def encoded(value: str) -> str:
    """Return a value as a Secret holds it."""
    return base64.b64encode(value.encode()).decode()


CONFIGURED = ConfiguredKeys(("PASSWORD", "SIGNING_KEY"), ("NEXT",), ("DATABASE_USER",))
SOUND = {
    "own": {
        "PASSWORD": encoded("Zm9yIHJlYWw-6bN_kq"),
        "SIGNING_KEY": encoded("kq7xZ2Lp0-Tr_5w9Yd"),
        "DATABASE_USER": encoded("shop"),
    },
    "other": {"PIN": encoded("4711"), "username": encoded("admin"), "greeting": encoded("hello")},
}


def weak(secrets: dict[str, dict[str, str]]) -> dict[str, str]:
    """Return what is wrong with each value, where pods use the first Secret."""
    return dict(_weak_values(secrets, {"own"}, {"own-tls"}, CONFIGURED, ("shop",)))


def test_users_and_short_secrets_of_a_sound_system_pass() -> None:
    """A user is no secret, and only a configured key needs a generated value."""
    assert weak(SOUND) == {}


@pytest.mark.parametrize(
    ("name", "key", "value", "said"),
    [
        ("own", "PASSWORD", "change-this-in-production", {"PASSWORD": "is a placeholder"}),
        ("own", "NEXT", "shop-2024", {"NEXT": "consists of words that anybody would try"}),
        ("own", "SIGNING_KEY", "4711", {"SIGNING_KEY": "is too easy to guess"}),
        ("own", "api-token", "todo", {"own/api-token": "is a placeholder"}),
        ("other", "PIN", "changeme", {"other/PIN": "is a placeholder"}),
        ("own-tls", "tls.key", "changeme", {}),
    ],
)
def test_a_value_that_nobody_generated_is_named_by_its_key(
    name: str, key: str, value: str, said: dict[str, str]
) -> None:
    """Also in a Secret that no pod uses; never the value."""
    held = {**SOUND.get(name, {}), key: encoded(value)}
    assert weak({**SOUND, name: held}) == said


# In parts: the scan of the release would take it for a password.
LOGIN = "shop:shop"
DSN = f"postgres://{LOGIN}@db/shop"
NAMED = ConfiguredKeys(("PASSWORD", "POSTGRES_USER", "POSTGRES_DB", "DATABASE"), (), ())


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("POSTGRES_USER", "shop", None),
        ("POSTGRES_DB", "shop_2024", None),
        ("DATABASE", "shop", None),
        ("POSTGRES_USER", "", "is empty"),
        ("POSTGRES_USER", "${DB_USER}", "is template syntax that nothing has filled in"),
        ("POSTGRES_DB", "changeme", "is a placeholder"),
        ("DATABASE", DSN, "consists of words that anybody would try"),
        ("PASSWORD", "shop", "consists of words that anybody would try"),
        ("PASSWORD", "k7x2", "is too easy to guess"),
    ],
)
def test_a_name_may_be_kept_in_a_secret(key: str, value: str, said: str | None) -> None:
    """A user or database name there is no secret value; a password that is like one is unsafe."""
    held = {
        "PASSWORD": encoded("Zm9yIHJlYWw-6bN_kq"),
        **dict.fromkeys(("POSTGRES_USER", "POSTGRES_DB", "DATABASE"), encoded("shop")),
        key: encoded(value),
    }
    found = dict(_weak_values({"own": held}, {"own"}, (), NAMED, ("shop",)))
    assert found == ({key: said} if said else {})


def test_a_configured_key_without_a_value_is_found() -> None:
    """It is in no Secret that a pod uses."""
    assert weak({"other": SOUND["own"]}) == dict.fromkeys(
        CONFIGURED.secret, "has no value in any Secret that a pod uses"
    )


def test_the_keys_of_a_certificate_are_nobodys_configuration() -> None:
    """But it has to be there."""
    mounted: Any = SimpleNamespace(
        name="database-0",
        uses=(SecretUse("checkout", "PASSWORD"), SecretUse("it-tls", None)),
    )
    secrets = {"checkout": {"PASSWORD": "x"}, "it-tls": {"tls.key": "x"}}
    used = (("database-0", "PASSWORD"),)
    assert _used_keys([mounted], secrets, {"it-tls"}) == (used, ())
    assert _used_keys([mounted], secrets, ())[0] == (*used, ("database-0", "tls.key"))
    (absent,) = _used_keys([mounted], {"checkout": secrets["checkout"]}, {"it-tls"})[1]
    assert absent == "database-0 uses it-tls/*, which is not there"


def test_named_keys_with_values_pass() -> None:
    """Otherwise the failures below would prove nothing."""
    reviewer = ConfigurationReviewer(context_of(SYSTEM))
    reviewer.assert_keys_named(KEYS)
    reviewer.assert_keys_have_values(KEYS)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (replace(KEYS, named=()), "backend-1 uses SIGNING_KEY, which no ConfigMap names"),
        (replace(KEYS, absent=("backend-1 uses a/b, which is not there",)), "a/b, which is not"),
        (replace(KEYS, used=()), "No pod uses a secret"),
    ],
)
def test_a_key_that_is_not_named_is_found(keys: SecretKeys, said: str) -> None:
    """So is a reference to nothing."""
    with pytest.raises(AssertionError, match=said):
        ConfigurationReviewer(context_of(SYSTEM)).assert_keys_named(keys)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (replace(KEYS, weak=(("SIGNING_KEY", "is empty"),)), "SIGNING_KEY is empty"),
        (replace(KEYS, weak=(("NEXT", "is a placeholder"),)), "NEXT is a placeholder"),
        (replace(KEYS, named=()), "No ConfigMap names the keys"),
    ],
)
def test_a_key_without_a_real_value_is_found(keys: SecretKeys, said: str) -> None:
    """Also one that has a value only while the secrets are rotated."""
    with pytest.raises(AssertionError, match=said):
        ConfigurationReviewer(context_of(SYSTEM)).assert_keys_have_values(keys)
