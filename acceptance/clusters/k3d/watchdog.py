"""Removes a k3d cluster if its run was killed (kill -9) and could not remove it.

Containers belong to the Docker engine, so they do not end with the run. The run holds the other end
of this program's standard input: when it closes, the run has ended.
"""

from __future__ import annotations

import os
import subprocess
import sys

from acceptance.clusters.k3d.cleanup import remove
from acceptance.errors import EnvironmentFailure
from acceptance.project import ROOT

_DONE = b"removed\n"


class Watchdog:
    """A process that outlives this one until it has removed the cluster."""

    def __init__(self, name: str, timeout: float) -> None:
        """Guard the cluster `name`, which may not exist yet; `timeout` is the one of `remove`."""
        self._process = subprocess.Popen(
            # It needs no installed package, so -S saves the search for them.
            [sys.executable, "-S", "-m", __name__, name, str(timeout)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            # Ctrl-C in the terminal must only reach the run, which then cleans up.
            start_new_session=True,
        )

    def dismiss(self) -> None:
        """Tell the watchdog that the cluster is removed, and wait for its end."""
        self._process.communicate(_DONE)


def main(name: str, timeout: float) -> int:
    """Wait for the end of the run, then remove its cluster unless the run did."""
    if sys.stdin.buffer.read() == _DONE:
        return 0
    try:
        remove(name, timeout)
    except EnvironmentFailure:
        return EnvironmentFailure.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2])))
