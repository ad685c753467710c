from __future__ import annotations

import json

import pytest

from acceptance.domains.workloads.drivers.durability import (
    SETTINGS,
    Durability,
    read_durability,
    read_start,
)
from acceptance.domains.workloads.storage import faults_of_durability

ON = tuple((name, "on") for name in SETTINGS)


def test_the_facts_are_read() -> None:
    """The server answers in one line."""
    line = json.dumps([ON, [["checkout_a", "synchronous_commit=off"]], ["public.payments"]])
    found = read_durability(lambda _: (line,))
    assert found == Durability(
        ON, (("checkout_a", "synchronous_commit=off"),), ("public.payments",)
    )
    assert read_start(lambda _: ("2026-11-30",)) == "2026-11-30"


@pytest.mark.parametrize("value", ["on", "local", "remote_write", "remote_apply"])
def test_a_commit_on_the_own_disk_is_durable(value: str) -> None:
    """Every value but off waits for this server's disk."""
    found = Durability((*ON[:2], ("synchronous_commit", value)), (), ())
    assert faults_of_durability(found) == ()


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_that_is_off_is_named(name: str) -> None:
    """Each of them alone, and one that the server does not tell."""
    others = tuple(each for each in ON if each[0] != name)
    assert faults_of_durability(Durability((*others, (name, "off")), (), ())) == (f"{name} is off",)
    assert faults_of_durability(Durability(others, (), ())) == (f"{name} is unknown",)


def test_a_setting_of_one_role_counts() -> None:
    """Only if it is off, however that is written."""
    for value, faults in (("off", 1), ("FALSE", 1), ("on", 0), ("local", 0)):
        found = Durability(ON, (("checkout_a", f"synchronous_commit={value}"),), ())
        assert len(faults_of_durability(found)) == faults
    found = Durability(ON, (("", "fsync=0"),), ())
    assert faults_of_durability(found) == ("fsync is 0 for everybody",)


def test_an_unlogged_table_is_named() -> None:
    """It is there until the first crash."""
    found = Durability(ON, (), ("public.payments",))
    assert faults_of_durability(found) == ("public.payments is unlogged, so a crash empties it",)
