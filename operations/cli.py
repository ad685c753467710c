"""The command line of the delivered system's tools: `operations COMMAND`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from acceptance import exit_codes
from acceptance.errors import AcceptanceError
from operations.rotation import command as rotation

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {"rotate": rotation.add_to}
"""What adds each command to the command line, by its name."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; an error is one sentence on stderr."""
    parser = argparse.ArgumentParser(prog="operations", description=__doc__)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add_to in COMMANDS.values():
        add_to(commands)
    chosen = parser.parse_args(arguments)
    try:
        code: int = chosen.run(chosen)
    except AcceptanceError as error:
        if chosen.debug:
            raise
        print(error.message, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return exit_codes.INTERRUPTED
    return code
