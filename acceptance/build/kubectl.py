"""Runs the kubectl in .venv, always with an explicit cluster."""

from __future__ import annotations

import shutil
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.errors import EnvironmentFailure
from acceptance.process import run

if TYPE_CHECKING:
    from collections.abc import Sequence


def kubectl_program() -> Path:
    """Return the path of kubectl: the locked one, otherwise the one in PATH.

    Raises `EnvironmentFailure` when neither exists.
    """
    locked = Path(sysconfig.get_path("scripts")) / "kubectl"
    found = str(locked) if locked.exists() else shutil.which("kubectl")
    if found is None:
        raise EnvironmentFailure("There is no kubectl. Try: make setup")
    return Path(found)


def kubectl(
    kubeconfig: Path,
    context: str,
    arguments: Sequence[str],
    *,
    timeout: float,
    stdin: str | None = None,
) -> str:
    """Return the output of kubectl; `timeout` is in seconds.

    Raises `EnvironmentFailure` with its last lines when it fails.
    """
    command: list[str | Path] = [kubectl_program()]
    command += [f"--kubeconfig={kubeconfig}", f"--context={context}", *arguments]
    return run(command, timeout=timeout, stdin=stdin).stdout
