"""What all checks share: how evidence is kept, and how a failed check is worded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from acceptance.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

T = TypeVar("T")

_SHOWN = 5


class Unverifiable(Exception):
    """It cannot be checked here whether the criterion holds; the message says why.

    The reason is the environment's or the suite's own, never what the system does wrong.
    """


class Recorder(Protocol):
    """Keeps evidence of the current scenario."""

    def __call__(self, title: str, content: str | bytes, kind: str = "json") -> None:
        """Keep `content`; `kind` is json, text, png or zip."""


def require(holds: object, sentence: str) -> None:
    """Raise an `AssertionError` with the sentence unless it holds; also under `python -O`."""
    if not holds:
        raise AssertionError(sentence)


def unproven(sentence: str, error: Exception) -> AssertionError | Unverifiable:
    """Return what to raise with `sentence`, because `error` keeps a check from being made.

    What the environment did leaves the criterion unverified; anything else the system did wrong.
    """
    if isinstance(error, EnvironmentFailure):
        return Unverifiable(sentence)
    return AssertionError(sentence)


def require_each(things: Collection[T], fault: Callable[[T], str | None], *, nothing: str) -> None:
    """Raise an `AssertionError` with the faults of all `things`, or if there is no thing.

    `fault` returns what is wrong with a thing, None if nothing is. `nothing` is the message for an
    empty collection, which proves nothing.
    """
    require(things, nothing)
    faults = [found for thing in things if (found := fault(thing)) is not None]
    require(not faults, listed(faults))


def listed(sentences: Collection[str]) -> str:
    """Join the first few sentences, and say how many more there are."""
    first = list(sentences)[:_SHOWN]
    more = len(sentences) - len(first)
    return "; ".join(first) + (f"; and {more} more" if more > 0 else "")
