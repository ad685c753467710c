"""Id enumeration: sequential ids are found, and ids that are not random are seen."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.contract import Contract
from acceptance.domains.penetration.drivers.vulnerable_store import sequential_ids
from acceptance.domains.penetration.id_enumeration import GuessedIds, IdEnumerationTester
from tests.support.actors import context_of

SYSTEM: Any = SimpleNamespace(
    contract=Contract(),
    host="checkout.local",
    address="127.0.0.1",
    port=9,
    http_port=9,
    secure=False,
)


def test_sequential_ids_are_found_and_random_ones_are_not() -> None:
    """Neighbours, the same bits, another version and the same id twice are all seen."""
    guesser = IdEnumerationTester(context_of(SYSTEM))
    guesser.try_on_sequential_ids()
    own = tuple(str(uuid.uuid4()) for _ in range(40))
    guesser.assert_ids_random(GuessedIds(own, 1, (), ()))
    guesser.assert_no_guess_found(GuessedIds(own, 1, (), ()))
    counted = tuple(map(str, sequential_ids(40)))
    for ids, reason in (
        (counted, "random bits are the same"),
        ((*own, own[0]), "the same id"),
        ((*own, str(uuid.uuid1())), "no random UUID"),
        ((*own, "17"), "no UUID"),
    ):
        with pytest.raises(AssertionError, match=reason):
            guesser.assert_ids_random(GuessedIds(ids, 1, (), ()))
    with pytest.raises(AssertionError, match="found checkouts"):
        guesser.assert_no_guess_found(GuessedIds(own, 1, counted[:1], ()))
