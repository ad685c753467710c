"""The base class of all actors, and the context that each of them is given."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self, TypeVar

from acceptance.judgement import Unverifiable
from acceptance.waiting import DeadlineExceeded, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import TracebackType

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.judgement import Recorder
    from acceptance.readiness.outcome import RestsOn
    from acceptance.settings import Settings, Timeouts
    from acceptance.system import System
    from acceptance.waiting import Watch

T = TypeVar("T")


def _rest_on_nothing(_: Sequence[RestsOn]) -> None:
    """Forget what a scenario rests on: there is no run that could prove it."""


@dataclass(frozen=True)
class ActorContext:
    """What an actor needs: the system, its cluster, the settings, and where evidence is kept."""

    system: System
    cluster: Kubernetes
    keep: Recorder
    """Keeps evidence of the current scenario."""
    tell_secrets: Callable[[Sequence[str]], None]
    """Registers secret values that were found or made: they are redacted from then on."""
    settings: Settings
    known_secrets: Callable[[], Sequence[str]] = tuple
    """Returns the secret values that were registered since the run began."""
    rest_on: Callable[[Sequence[RestsOn]], None] = _rest_on_nothing
    """Says what else this run has to prove before the item of the current scenario is met."""

    @property
    def timeouts(self) -> Timeouts:
        """The deadlines of the run."""
        return self.settings.timeouts

    def of(self, system: System) -> ActorContext:
        """Return the context of another system on the same cluster."""
        return replace(self, system=system)

    def path_in_sources(self, path: Path) -> Path:
        """Return a path of the settings within the sources that the system was deployed from."""
        return self.system.sources / path.relative_to(self.settings.root)


class Actor:
    """Acts on a system and checks it; leaving the context undoes what it has changed."""

    def __init__(self, context: ActorContext) -> None:
        """Begin with nothing to undo."""
        self.system = context.system
        self._context = context
        self._cluster = context.cluster
        self._keep = context.keep
        self._timeouts = context.timeouts
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        """Return the actor."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Restore the system."""
        self.restore()

    def restore(self) -> None:
        """Undo what was changed and is not yet undone, the last change first."""
        self._undo.close()

    def _awaited(
        self,
        look: Callable[[], T],
        ready: Callable[[T], bool],
        what: str,
        wake: Watch | None = None,
    ) -> T:
        """Wait for what a check needs; raises `Unverifiable` if it does not come."""
        try:
            return eventually(look, ready, timeout=self._timeouts.recovery, what=what, wake=wake)
        except DeadlineExceeded as error:
            raise Unverifiable(str(error)) from error
