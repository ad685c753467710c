"""Starts scanners that answer in JSON, and whose exit code 1 means that they found something."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from acceptance.errors import EnvironmentFailure
from acceptance.process import run, tail

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_FOUND_SOMETHING = (0, 1)


def answer_of(
    name: str,
    command: Sequence[str | Path],
    *,
    cwd: Path,
    timeout: float,
    env: Mapping[str, str | None] | None = None,
) -> tuple[Any, float]:
    """Return the JSON that the scanner `name` wrote, and how long it took in seconds.

    Raises `EnvironmentFailure` when it is missing, exceeds `timeout` (seconds), or writes no JSON.
    """
    done = run(command, cwd=cwd, timeout=timeout, env=env, accepted=_FOUND_SOMETHING)
    try:
        return json.loads(done.stdout), round(done.seconds, 1)
    except ValueError as error:
        said = tail(done.stderr or done.stdout, 3)
        raise EnvironmentFailure(f"{name} did not answer in JSON: {said}") from error


def version_of(command: Sequence[str | Path], *, timeout: float) -> str:
    """Return the first version number in a program's output."""
    found = re.search(r"\d+(\.\d+)+", run(command, timeout=timeout).stdout)
    return found[0] if found else "unknown"
