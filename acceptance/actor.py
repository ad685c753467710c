"""What every actor is: somebody who acts on the system, judges, and leaves it as it was."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import TracebackType

    from acceptance.drivers.kubernetes.client import Kubernetes
    from acceptance.judgement import Recorder
    from acceptance.settings import Settings, Timeouts
    from acceptance.system import System


@dataclass(frozen=True)
class ActorContext:
    """What an actor is given: the system, the cluster that it is on, and where evidence goes."""

    system: System
    cluster: Kubernetes
    keep: Recorder
    """Keeps evidence of the scenario under way."""
    tell_secrets: Callable[[Sequence[str]], None]
    """Takes secret values that were found or made: nothing written holds them from then on."""
    settings: Settings

    @property
    def timeouts(self) -> Timeouts:
        """The deadlines of the run."""
        return self.settings.timeouts

    def of(self, system: System) -> ActorContext:
        """Return the context of another system on the same cluster."""
        return replace(self, system=system)

    def path_in_sources(self, path: Path) -> Path:
        """Return where a path of the settings is in the sources that the system was deployed from."""
        return self.system.sources / path.relative_to(self.settings.root)


class Actor:
    """Acts on a system; leaving the context undoes whatever was disturbed and is not restored."""

    def __init__(self, context: ActorContext) -> None:
        """Begin with an undisturbed system."""
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
        """Undo whatever was disturbed and is not restored yet, the last thing first."""
        self._undo.close()
