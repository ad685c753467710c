"""Tests whether checkouts of others can be found by guessing their ids."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from acceptance.domains.penetration.drivers.vulnerable_store import sequential_ids
from acceptance.domains.traffic.actor import IngressActor
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require, require_each

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acceptance.drivers.http import Reply

_OWN = 40
"""Checkouts that are made. That one of 122 random bits is the same in all of them by chance has a
probability of 122 × 2 × 2^-40, about 2 in ten thousand million."""
_NEAR = 6  # neighbours in each direction
_FIRST = 20  # of the numbers from 1
_GUESSED_AROUND = 8  # of the own ids
_RANDOM_BITS = ((1 << 128) - 1) & ~(0xF << 76) & ~(0x3 << 62)
"""All bits of a UUID but the four of its version and the two of its variant (RFC 9562, 5.4)."""
_NOTE = "The list of checkouts is open to everybody who reaches the system: see the threat model."
_VERSION = 4
_GONE = 404


@dataclass(frozen=True)
class GuessedIds:
    """Which guessed ids were found."""

    own: tuple[str, ...]
    tried: int
    found: tuple[str, ...]
    """Guessed ids for which a checkout was returned."""
    unclear: tuple[str, ...]
    """Guessed ids with a response that is neither a checkout nor "not found"."""


class IdEnumerationTester(IngressActor):
    """Creates checkouts, and guesses the ids of others from theirs."""

    def try_on_sequential_ids(self) -> None:
        """Show that guessing finds sequential ids; raises `Unverifiable` if it does not."""
        counted = sequential_ids(_OWN)
        known = {str(each) for each in counted}
        mine = [str(each) for each in counted[::2]]
        if not (known - set(mine)) & set(_likely(mine)) or not _constant_bits(list(known)):
            raise Unverifiable("Guessing does not even find sequential ids.")

    def guess(self) -> GuessedIds:
        """Create checkouts, and ask for ids near theirs, and for the first ones."""
        own = []
        for number in range(_OWN):
            reply = self._api.create(f"Guesser {number}")
            told = reply.json()
            require(reply.succeeded and isinstance(told, dict), f"No checkout was made: {reply}.")
            own.append(str(told.get("id")))
        found, unclear = [], []
        tried = [each for each in _likely(own[:_GUESSED_AROUND]) if each not in own]
        # An own id that is near another own one counts as found too.
        near = set(_likely(own[:_GUESSED_AROUND])) & set(own)
        changes: tuple[Callable[[str], Reply], ...] = (
            lambda each: self._api.add_item(each, "guessed", 1, 1),
            lambda each: self._api.pay(each, 1),
            self._api.cancel,
        )
        for number, each in enumerate(tried):
            # One change of each: all three would take three times as long and see no more.
            for reply in (self._api.checkout(each), changes[number % len(changes)](each)):
                if reply.succeeded:
                    found.append(f"{each} ({reply.request})")
                elif reply.status != _GONE:
                    unclear.append(f"{each}: {reply}")
        guesses = GuessedIds(tuple(own), len(tried), (*found, *sorted(near)), tuple(unclear))
        self._keep("Guessed ids", pretty({**asdict(guesses), "note": _NOTE}))
        return guesses

    def assert_no_guess_found(self, guesses: GuessedIds) -> None:
        """No guess found a checkout, and each response said that there is none."""
        require(guesses.tried, "Nothing was guessed.")
        require(not guesses.found, f"Guessed ids found checkouts: {listed(guesses.found)}.")
        require(
            not guesses.unclear, f"Unexpected response to a guessed id: {listed(guesses.unclear)}."
        )

    def assert_ids_random(self, guesses: GuessedIds) -> None:
        """Every id is its own random UUID, and no random bit is the same in all of them."""
        require_each(guesses.own, _no_random_uuid, nothing="There is no id.")
        require(len(set(guesses.own)) == len(guesses.own), "Two checkouts have the same id.")
        same = _constant_bits(list(guesses.own))
        require(
            not same, f"{same} of the 122 random bits are the same in all {len(guesses.own)} ids."
        )


def _likely(own: Sequence[str]) -> list[str]:
    """Return what an attacker tries who has seen these ids."""
    near = [
        str(uuid.UUID(int=(uuid.UUID(each).int + step) % (1 << 128)))
        for each in own
        if _no_random_uuid(each, version=False) is None
        for step in (*range(-_NEAR, 0), *range(1, _NEAR + 1))
    ]
    early = [str(number) for number in range(1, _FIRST + 1)]
    early += [str(uuid.UUID(int=number)) for number in range(_FIRST)]
    return [*near, *early]


def _no_random_uuid(text: str, *, version: bool = True) -> str | None:
    try:
        found = uuid.UUID(text)
    except ValueError:
        return f"{text} is no UUID"
    if version and (found.version != _VERSION or found.variant != uuid.RFC_4122):
        return f"{text} is no random UUID: it has the version {found.version}"
    return None


def _constant_bits(ids: Sequence[str]) -> int:
    """Count the random bits that are the same in all of these ids."""
    every, some = (1 << 128) - 1, 0
    for each in ids:
        try:
            value = uuid.UUID(each).int
        except ValueError:
            return 0  # judged on its own
        every &= value
        some |= value
    return ((every | ~some) & _RANDOM_BITS).bit_count()
