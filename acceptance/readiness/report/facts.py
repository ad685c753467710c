"""The facts about a run that a report shows besides the verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acceptance.clusters.base import ClusterFacts


@dataclass(frozen=True)
class RunFacts:
    """One run, from its start to its report."""

    commit: str
    cluster: ClusterFacts | None
    """None if the environment could not be started."""
    images: tuple[str, ...]
    started: float
    """Seconds since the epoch (POSIX time)."""
    seconds: float
    phases: Mapping[str, float]
    """The seconds of each phase, by its name."""
    reproduce: str
    """The command that repeats the run."""
    environment_failure: str | None
    interrupted: bool
    complete: bool
    """Whether every scenario was selected, on a system that this run deployed."""
    selected: int
    """The number of selected scenarios."""
