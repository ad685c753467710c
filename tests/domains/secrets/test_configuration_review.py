from __future__ import annotations

import base64
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.domains.secrets import ConfigurationReviewer, SecretKeys
from acceptance.domains.secrets.configuration_review import _used_keys, _value_fault
from acceptance.drivers.kubernetes.facts import SecretUse
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


@pytest.mark.parametrize(
    ("held", "fault"),
    [
        (None, "has no value in any Secret that a pod uses"),
        (encoded("  "), "is empty"),
        (encoded("changeme"), "is a placeholder"),
        (encoded(encoded("changeme")), "is a placeholder"),
        (encoded("<your key>"), "is a placeholder"),
        (encoded("Zm9yIHJlYWw-6bN_kq"), None),
    ],
)
def test_a_value_is_real_or_the_fault_is_named(held: str | None, fault: str | None) -> None:
    """Also where somebody encoded a placeholder twice."""
    assert _value_fault(held) == fault


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
