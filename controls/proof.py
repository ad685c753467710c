"""Proves a kept system again, in a process that begins with everything imported."""

from __future__ import annotations

import atexit
import ctypes
import json
import multiprocessing
import os
import signal
import sys
from multiprocessing.forkserver import ensure_running
from typing import TYPE_CHECKING, Any

import pytest

from acceptance.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PLAIN = ("-q", "-p", "no:cacheprovider", "-p", "no:allure_pytest")
"""A control reads the verdicts only: the Allure report would take two seconds of each proof."""
_SECONDS = 1800.0
_GRACE_SECONDS = 10.0
_PR_SET_PDEATHSIG = 1
_FORKS = multiprocessing.get_context("forkserver")


def begin() -> None:
    """Let a process import everything in the background: each proof is a fork of it.

    Without it a proof imports what it needs, which takes seconds.
    """
    _FORKS.set_forkserver_preload(["controls.warm"])
    ensure_running()


def prove(kept: Path, reports: Path, *arguments: str, timeout: float = _SECONDS) -> dict[str, Any]:
    """Prove the system of the run that was kept in `kept` again; return the readiness report.

    `timeout` is in seconds. Raises `AssertionError` with what pytest wrote if there is no report.
    """
    reports.mkdir(parents=True, exist_ok=True)
    log = reports / "pytest.log"
    command = [*PLAIN, f"--attach={kept}", f"--reports={reports}", *arguments]
    # What pytest tells its own child processes is not about this one.
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    child = _FORKS.Process(target=_run_pytest, args=(command, log, environment))
    child.start()
    try:
        child.join(timeout)
    finally:
        child.terminate()  # as after Ctrl-C: it undoes its own changes
        child.join(_GRACE_SECONDS)
        child.kill()
        child.join()
    path = reports / "readiness.json"
    if not path.exists():
        written = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        raise AssertionError(f"There is no report (exit code {child.exitcode}):\n{written}")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def die_with_parent() -> None:
    """Let Linux kill this process when its parent dies, however that ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _run_pytest(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
    """Run pytest as a new process would, with its output in a file."""
    die_with_parent()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    with log.open("wb") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())
    code = pytest.main(list(command))
    atexit._run_exitfuncs()  # noqa: SLF001 (multiprocessing leaves them out)
    sys.exit(code)
