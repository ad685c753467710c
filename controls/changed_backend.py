"""Runs the backend with a mistake in its code: a few lines of Python that run before it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from controls.saboteur import Saboteur

_PROGRAM = """
import os, sys
{mistake}
from checkout_backend.__main__ import main
sys.exit(main(os.environ))
"""


def change_backend(saboteur: Saboteur, mistake: str) -> None:
    """Let every backend pod run the lines `mistake` before its program."""
    workload = saboteur.system.workloads.backend
    command = ["python", "-c", _PROGRAM.format(mistake=mistake)]
    saboteur.change_pods(workload, {"containers": [{"name": workload, "command": command}]})
