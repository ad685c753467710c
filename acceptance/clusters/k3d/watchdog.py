"""Removes a k3d cluster when the run that made it is gone without having done so (kill -9).

Containers belong to the Docker engine, so they do not die with the process that asked for them.
The run holds the other end of this program's standard input: when it closes, the run has ended.
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
    """A process that outlives this one for as long as it takes to remove the cluster."""

    def __init__(self, name: str, timeout: float) -> None:
        """Guard the cluster `name`, which need not exist yet; `timeout` as `remove` has it."""
        self._process = subprocess.Popen(
            # It needs no package beside this one, so -S spares it the look for them.
            [sys.executable, "-S", "-m", __name__, name, str(timeout)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            # A Ctrl-C in the terminal is for the run, which then cleans up by itself.
            start_new_session=True,
        )

    def dismiss(self) -> None:
        """Tell the guardian that the cluster is removed, and wait for its end."""
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
