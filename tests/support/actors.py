"""Gives actors what they need in a test: a pretended cluster, and evidence that is kept here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from acceptance.actor import ActorContext
from acceptance.project import ROOT
from acceptance.settings import Timeouts, load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from acceptance.judgement import Recorder
    from acceptance.system import System


def context_of(
    system: System,
    cluster: object = None,
    *,
    keep: Recorder = lambda *_: None,
    timeouts: Timeouts | None = None,
    root: Path = ROOT,
    told: list[str] | None = None,
) -> ActorContext:
    """Return what an actor is given; `cluster` stands for the client, `told` takes its secrets."""

    def tell(values: Sequence[str]) -> None:
        if told is not None:
            told.extend(values)

    settings = load_settings(root)
    if timeouts is not None:
        settings = replace(settings, timeouts=timeouts)
    return ActorContext(system, cast("Any", cluster), keep, tell, settings)
