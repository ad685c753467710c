"""Types written commands into a shell, in a folder and with a cluster of their own."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.build.kubectl import kubectl, kubectl_program
from acceptance.errors import EnvironmentFailure
from acceptance.process import run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Ran:
    """What became of a script."""

    succeeded: bool
    said: str
    """All that it wrote to both streams, in order."""
    failure: str
    """Why it ended early: exit code or deadline, and its last lines; empty if it did not."""
    seconds: float


def write_kubeconfig(source: Path, context: str, target: Path, *, timeout: float) -> None:
    """Write a kubeconfig that has one context only, as the current one.

    Written commands name no context: the shell that they are typed into is set up for one.
    """
    options = ["config", "view", "--minify", "--flatten", "--raw"]
    text = kubectl(source, context, options, timeout=timeout)
    target.touch(mode=0o600)  # it holds credentials
    target.write_text(text, encoding="utf-8")


def run_script(
    commands: str,
    folder: Path,
    environment: Mapping[str, str],
    *,
    timeout: float,
    scratch: Path | None = None,
) -> Ran:
    """Run commands with `bash -euo pipefail` in `folder`; `timeout` is in seconds.

    kubectl is the suite's own. Script and output are written into `scratch`, without it beside
    `folder`. The shell and all that it started are gone when this returns.
    """
    place = scratch or folder.parent
    script, log = place / "commands.sh", place / "output.txt"
    script.write_text(commands, encoding="utf-8")
    log.unlink(missing_ok=True)
    path = os.pathsep.join([str(kubectl_program().parent), os.environ.get("PATH", os.defpath)])
    started = time.monotonic()
    failure = ""
    try:
        run(
            ["bash", "-euo", "pipefail", script],
            timeout=timeout,
            env={"PATH": path, **environment},
            cwd=folder,
            log=log,
            remedy="Try: the commands of the page, by hand.",
        )
    except EnvironmentFailure as error:
        failure = error.message
    seconds = time.monotonic() - started
    said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return Ran(not failure, said, failure, seconds)
