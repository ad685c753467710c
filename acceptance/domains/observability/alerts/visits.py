"""How visitors fared who used the system while alerts were watched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LATENCY = "LatencyBudgetBurn"
"""The alert about slow requests."""
SLOW_SECONDS = 0.3
"""What the service level for latency allows a request, in seconds."""
_SLOW_SHARE = 0.01
"""The share of slow requests that the service level allows."""
_WINDOW_SECONDS = 45.0
"""Every rule of the alert, as a short-lived cluster has it, looks at this time or at a part of it
that is slower still: `windows` in `manifests/components/prometheus-rules/numbers.yaml`."""


@dataclass(frozen=True)
class Visit:
    """One request: when it was answered, by the monotonic clock, and after how many seconds."""

    at: float
    seconds: float
    changing: bool
    """Whether it made something; else it read. Each kind has a service level of its own."""

    @property
    def slow(self) -> bool:
        """Whether it took longer than the service level allows."""
        return self.seconds > SLOW_SECONDS


@dataclass(frozen=True)
class Visits:
    """All requests of the visitors, in the order of their answers."""

    made: tuple[Visit, ...] = ()

    @property
    def too_slow(self) -> str:
        """Say when the machine was too slow for a sound system; empty if it never was.

        Then an alert about slow requests is right.
        """
        found = [
            (slow / len(window), slow, len(window), changing)
            for changing in (False, True)
            for window in _windows([each for each in self.made if each.changing is changing])
            if (slow := sum(each.slow for each in window)) > _SLOW_SHARE * len(window)
        ]
        if not found:
            return ""
        _, slow, requests, changing = max(found)
        return (
            f"{slow} of {requests} requests of visitors to {'change' if changing else 'read'} "
            f"something took longer than {SLOW_SECONDS:g} s within {_WINDOW_SECONDS:g} s, so the "
            "machine was too slow for a sound system."
        )

    @property
    def summary(self) -> str:
        """Return how many requests there were, and how many of them were slow."""
        slow = sum(each.slow for each in self.made)
        return f"{len(self.made)} requests, {slow} longer than {SLOW_SECONDS:g} s"


def _windows(made: Sequence[Visit]) -> Iterator[Sequence[Visit]]:
    """Yield what was answered in each window that a slow request ends or begins.

    A window that would not be full is moved to where it is: its few requests say nothing.
    """
    latest = max(made[0].at, made[-1].at - _WINDOW_SECONDS) if made else 0.0
    for one in made:
        for begin in (one.at - _WINDOW_SECONDS, one.at) if one.slow else ():
            since = min(max(begin, made[0].at), latest)
            yield [each for each in made if since <= each.at <= since + _WINDOW_SECONDS]
