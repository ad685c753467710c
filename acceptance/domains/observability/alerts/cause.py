"""Brings about the causes of alerts: each breaks one thing on purpose, and can cure it."""

from __future__ import annotations

import threading
import uuid
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acceptance.domains.observability.alerts.listener import AlertListener
from acceptance.domains.traffic.actor import IngressActor
from acceptance.errors import EnvironmentFailure, SystemFailure
from acceptance.judgement import unproven
from acceptance.waiting import SYSTEM_CLOCK

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from acceptance.domains.observability.alerts.listener import AlertReception

_VISITS_PER_SECOND = 5.0
SLOW_SECONDS = 0.3
"""What the service level for latency allows a request, in seconds."""


LATENCY = "LatencyBudgetBurn"
"""The alert about slow requests."""
_SLOW_SHARE = 0.01
"""The share of slow requests that the service level allows."""


@dataclass(frozen=True)
class Visits:
    """How many requests visitors sent, and how many took longer than the service level allows."""

    requests: int
    slow: int

    @property
    def too_slow(self) -> str:
        """Say that the machine was too slow for a sound system; empty if it was not.

        Then an alert about slow requests is right.
        """
        if self.slow <= _SLOW_SHARE * self.requests:
            return ""
        return (
            f"{self.slow} of {self.requests} requests of visitors took longer than "
            f"{SLOW_SECONDS:g} s, so the machine was too slow for a sound system."
        )


@dataclass
class Cause:
    """What was broken: since when, which labels its alert has to have, and how it is cured."""

    since: float
    """When it was in force, by the monotonic clock."""
    labels: dict[str, str]
    variables: dict[str, str] = field(default_factory=dict)
    """What somebody who follows the alert's page sets in the shell first."""
    given_up: set[str] = field(default_factory=set)
    """Objects that a cure may delete, as `ClusterState` names them."""
    unmended: Callable[[Path], str] = lambda _: ""
    """Say what the commands of a cure, which ran in a folder, have left as it was."""
    cure: ExitStack = field(default_factory=ExitStack)


class CauseMaker(AlertListener, IngressActor):
    """Knows causes by the words that a scenario has for them."""

    def cause(self, words: str, reception: AlertReception) -> Cause:
        """Break what `words` say; its cure is carried out at the latest when the scenario ends.

        Raises `Unverifiable` if this cluster does not let it be broken; it is a failed check if the
        system does not.
        """
        return self.cause_in(words, reception.namespace)

    def cause_in(self, words: str, namespace: str) -> Cause:
        """Do what `cause` does, with a namespace for what a cause adds."""
        causes = self._causes()
        made = Cause(0.0, {}, {"NAMESPACE": self.system.namespace})
        self._undo.push(made.cure)
        try:
            causes[words](made, namespace)
        except (SystemFailure, EnvironmentFailure) as error:
            raise unproven(f"It cannot be brought about that {words}: {error}", error) from error
        made.since = made.since or SYSTEM_CLOCK.now()
        return made

    def _causes(self) -> dict[str, Callable[[Cause, str], None]]:
        """Return what brings about each cause; it is given a namespace of the run."""
        return {}

    def visit_steadily(self) -> Callable[[], Visits]:
        """Have visitors make and read checkouts until the scenario ends.

        Returns a function that stops them and returns how they fared.
        """
        ended = threading.Event()
        seconds: list[float] = []

        def visit() -> None:
            known = ""
            while not ended.wait(1 / _VISITS_PER_SECOND):
                created = self._api.create("A steady visitor")
                known = (created.json() or {}).get("id", "") if created.succeeded else known
                read = self._api.checkout(known or str(uuid.uuid4()))
                seconds.extend((created.seconds, read.seconds))

        thread = threading.Thread(target=visit, daemon=True)
        thread.start()

        def stop() -> Visits:
            ended.set()
            thread.join(2 * self._timeouts.request)
            return Visits(len(seconds), sum(each > SLOW_SECONDS for each in seconds))

        self._undo.callback(stop)
        return stop
