"""The command line of the delivered system's tools: `operations COMMAND`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from acceptance.command_line import run_command
from operations.deployment import command as deployment
from operations.pipeline import command as pipeline
from operations.rotation import command as rotation

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "rotate": rotation.add_to,
    "pipeline": pipeline.add_to,
    "deploy": deployment.add_to,
    "roll-back": deployment.add_roll_back_to,
}
"""What adds each command to the command line, by its name."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; an error is one sentence on stderr."""
    parser = argparse.ArgumentParser(prog="operations", description=__doc__)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add_to in COMMANDS.values():
        add_to(commands)
    return run_command(parser.parse_args(arguments))
