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
    """Seconds that each phase took, by its name."""
    reproduce: str
    """The command that does the same again."""
    environment_failure: str | None
    interrupted: bool
    complete: bool
    """Whether every scenario of the features was selected, on a system of the run's own."""
    selected: int
    """How many scenarios were to run."""
