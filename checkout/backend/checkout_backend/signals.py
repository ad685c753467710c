"""Ends a program that is told to stop before it has begun to serve."""

from __future__ import annotations

import signal
import sys


def end_when_told() -> None:
    """End the program on SIGTERM, with exit code 0, until somebody else handles it.

    A container's first process has to handle it: the kernel drops what it does not handle
    (pid_namespaces(7)), and the pod then goes on, and serves, until it is killed.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
