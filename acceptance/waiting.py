"""Waits for a fact, woken by events and with a deadline; nothing else in this project waits."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_LOG = logging.getLogger(__name__)

PAUSE_SECONDS = 0.05
"""Between two looks at something without events, such as a file or an HTTP answer."""

RESYNC_SECONDS = 5.0
"""Look again after this long without an event, in case the watch is broken."""


class Watch(Protocol):
    """Wakes a waiting caller when what it looks at may have changed.

    Events since it was opened, or since the last `wait`, count. So no event is lost between a look
    and the next wait.
    """

    def wait(self, timeout: float) -> bool:
        """Block until an event or for `timeout` seconds; True if there was an event."""


class Clock(Protocol):
    """The clock, which tests replace by one that takes no time."""

    def now(self) -> float:
        """Return seconds since some fixed moment; never goes back."""

    def pause(self, seconds: float) -> None:
        """Let `seconds` pass."""


class SystemClock:
    """The real time."""

    def now(self) -> float:
        """Return the monotonic clock, in seconds."""
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        """Sleep for `seconds`."""
        time.sleep(seconds)


class DeadlineExceeded(AssertionError):
    """The goal was not reached in time; the message has the last fact seen."""


class Unrecoverable(DeadlineExceeded):
    """The goal can no longer be reached, so the wait ended before its deadline."""


SYSTEM_CLOCK = SystemClock()


def eventually(
    look: Callable[[], T],
    ready: Callable[[T], bool],
    *,
    timeout: float,
    wake: Watch | None = None,
    resync: float = RESYNC_SECONDS,
    pause: float = PAUSE_SECONDS,
    unrecoverable: Callable[[T], str | None] | None = None,
    clock: Clock = SYSTEM_CLOCK,
    what: str | None = None,
    describe: Callable[[T], str] = str,
    remedy: str | None = None,
    error: type[Exception] | None = None,
) -> T:
    """Return the first fact of `look` that is `ready`; look again whenever `wake` has an event.

    `timeout` is in seconds; after it, the fact is looked at once more. `unrecoverable` returns why
    a fact can never become ready, which ends the wait at once, or None. Without an event, the fact
    is looked at every `resync` seconds, and without `wake` every `pause` seconds. `what` names the
    goal in messages (default: the name of `ready`), `describe` words a fact, and `remedy` says what
    to try.

    Raises `DeadlineExceeded` or `Unrecoverable`. With `error`, raises that in place of both: an
    `EnvironmentFailure` for a cluster that does not start, which is no failed check.
    """
    goal = what or getattr(ready, "__name__", "the goal").strip("_<>").replace("_", " ")
    started = clock.now()
    deadline = started + timeout
    seen: str | None = None
    while True:
        remaining = deadline - clock.now()  # before the look: the last look is after the deadline
        fact = look()
        if ready(fact):
            return fact
        reason = unrecoverable(fact) if unrecoverable else None
        if reason is not None:
            after = clock.now() - started
            message = _message(f"{goal}: no longer possible after {after:.1f} s", reason, remedy)
            raise (error or Unrecoverable)(message)
        now = describe(fact)
        if remaining <= 0:
            message = _message(f"{goal}: not reached after {timeout:g} s", now, remedy)
            raise (error or DeadlineExceeded)(message)
        if now != seen:
            _LOG.debug("waiting for %s: %s", goal, now)
            seen = now
        remaining = max(0.0, deadline - clock.now())
        if wake is not None:
            wake.wait(min(remaining, resync))
        else:
            clock.pause(min(remaining, pause))


def last_seen(
    look: Callable[[], T],
    ready: Callable[[T], bool],
    *,
    timeout: float,
    wake: Watch | None = None,
    resync: float = RESYNC_SECONDS,
    pause: float = PAUSE_SECONDS,
    clock: Clock = SYSTEM_CLOCK,
) -> T:
    """Return the first fact of `look` that is `ready`, or the last one when the time is over.

    For facts that are judged afterwards, whatever they are. `resync` and `pause` are as for
    `eventually`.
    """
    seen: list[T] = []

    def noted() -> T:
        seen[:] = [look()]
        return seen[0]

    with suppress(DeadlineExceeded):
        eventually(
            noted,
            ready,
            timeout=timeout,
            wake=wake,
            resync=resync,
            pause=pause,
            clock=clock,
            describe=lambda _: "",
        )
    return seen[0]


def lasting(
    reason: Callable[[T], str | None], *, seconds: float, clock: Clock = SYSTEM_CLOCK
) -> Callable[[T], str | None]:
    """Return `reason`, but with None until it has had a reason for `seconds` without a break.

    For states that look final and often are not, as when a kubelet has not seen a Secret yet.
    """
    since: float | None = None

    def said(fact: T) -> str | None:
        nonlocal since
        found = reason(fact)
        if found is None:
            since = None
            return None
        since = clock.now() if since is None else since
        return found if clock.now() - since >= seconds else None

    return said


def _message(failure: str, fact: str, remedy: str | None) -> str:
    sentence = f"{failure}: {fact.rstrip('.')}."
    return f"{sentence} Try: {remedy}" if remedy else sentence
