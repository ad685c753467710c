"""Runs pytest in a process of its own, without importing everything anew for each run.

A server that has imported what the plugin needs, and has no thread, forks a child for each run.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
import time
from pathlib import Path

import pytest

_SECONDS = 120.0
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["tests.support.preload"])


def run_pytest(folder: Path, *arguments: str) -> pytest.RunResult:
    """Return what `pytest ARGUMENTS` in `folder` wrote, and its exit code."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="acceptance-tests-") as outside:
        written = [Path(outside, name) for name in ("stdout", "stderr")]
        child = _SERVER.Process(
            target=_run, args=(folder, arguments, dict(os.environ), *map(str, written))
        )
        child.start()
        child.join(_SECONDS)
        if child.is_alive():
            child.kill()
            pytest.fail(f"pytest {' '.join(arguments)} did not end within {_SECONDS:g} s")
        assert child.exitcode is not None
        out, err = (path.read_text(encoding="utf-8").splitlines() for path in written)
    return pytest.RunResult(child.exitcode, out, err, time.perf_counter() - began)


def _run(
    folder: Path, arguments: tuple[str, ...], environment: dict[str, str], out: str, err: str
) -> None:
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    # As a new process would have it: a worker of the tests has another one.
    sys.argv = ["pytest", *arguments]
    code = int(pytest.main(list(arguments)))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
