"""Brings about the causes of alerts: each breaks one thing on purpose, and can cure it."""

from __future__ import annotations

import threading
import uuid
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acceptance.domains.observability.alerts.listener import AlertListener
from acceptance.domains.observability.alerts.visits import Visit, Visits
from acceptance.domains.traffic.actor import IngressActor
from acceptance.errors import EnvironmentFailure, SystemFailure
from acceptance.judgement import unproven
from acceptance.waiting import SYSTEM_CLOCK

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from acceptance.domains.observability.alerts.listener import AlertReception

_VISITS_PER_SECOND = 5.0


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
        made: list[Visit] = []

        def visit() -> None:
            known = ""
            while not ended.wait(1 / _VISITS_PER_SECOND):
                created = self._api.create("A steady visitor")
                made.append(Visit(SYSTEM_CLOCK.now(), created.seconds, changing=True))
                known = (created.json() or {}).get("id", "") if created.succeeded else known
                read = self._api.checkout(known or str(uuid.uuid4()))
                made.append(Visit(SYSTEM_CLOCK.now(), read.seconds, changing=False))

        thread = threading.Thread(target=visit, daemon=True)
        thread.start()

        def stop() -> Visits:
            ended.set()
            thread.join(2 * self._timeouts.request)
            return Visits(tuple(made))

        self._undo.callback(stop)
        return stop
