"""Ends a program that is told to stop before it has begun to serve."""

from __future__ import annotations

import os
import signal


def end_when_told() -> None:
    """End the program on SIGTERM, with exit code 0, until somebody else handles it.

    A container's first process has to handle it: the kernel drops what it does not handle
    (pid_namespaces(7)), and the pod then goes on, and serves, until it is killed. It ends without
    an exception: Python ignores one in some places, such as the callbacks of weak references that
    each import makes.
    """
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
