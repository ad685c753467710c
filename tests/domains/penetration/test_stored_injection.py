"""Stored injection: each statement does harm to a vulnerable store."""

from __future__ import annotations

from acceptance.domains.penetration.drivers.vulnerable_store import VulnerableStore
from acceptance.domains.penetration.stored_injection import _CONDITIONS, _STATEMENTS


def test_every_statement_does_harm_to_a_vulnerable_store() -> None:
    """And a harmless name does none."""
    store = VulnerableStore()
    assert store.keep("Ada") == ("a bystander", "Ada")
    assert all(store.keep(each) != ("a bystander", each) for each in _STATEMENTS)
    assert store.find("a") == 1
    assert all(store.find(each) > 1 for each in _CONDITIONS)
