"""Proves once, before anything is broken, the scenarios of the controls that are tried."""

from __future__ import annotations

import fcntl
import json
import os
import re
from typing import TYPE_CHECKING, Any

from controls.control import Control, place_of
from controls.proof import prove
from fixtures.turns import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from fixtures.environment import RunDirectory


_FEW = 4
"""So many scenarios are proved one after the other: a second process would cost more."""
_MOST_LANES = 4
"""As of `make acceptance`."""
_SECONDS_EACH = 300.0
"""The longest scenario takes about two minutes, and more while other work runs beside it."""


class Soundness:
    """The reports about what is not broken, which all workers share."""

    def __init__(self, folder: Path, tried: Iterable[Control]) -> None:
        """Keep the reports in `folder`."""
        self._folder = folder
        nodes = (each.node for each in tried if REPOSITORY not in place_of(each).tags)
        self._on_the_cluster = tuple(dict.fromkeys(nodes))

    def of(self, control: Control, run: RunDirectory) -> dict[str, Any]:
        """Return a report that has the scenario of a control.

        Those on the cluster are proved in one run; one of the repository when it is asked for.
        """
        alone = REPOSITORY in place_of(control).tags
        nodes = (control.node,) if alone else self._on_the_cluster
        name = re.sub(r"\W", "-", control.test) if alone else "cluster"
        reports = self._folder / f"sound-{name}"
        with (self._folder / f"sound-{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            path = reports / "readiness.json"
            if not path.exists():
                lanes = min(os.cpu_count() or 1, _MOST_LANES) if len(nodes) > _FEW else 0
                limit = _SECONDS_EACH * max(_FEW, len(nodes))
                return prove(run.path, reports, f"--numprocesses={lanes}", *nodes, timeout=limit)
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return found
