"""Entry of the command line: `acceptance COMMAND`, or `python -m acceptance.cli COMMAND`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from acceptance.cli import attest, gate, report, scan, tables, trace
from acceptance.errors import AcceptanceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.cli.command import Command

COMMANDS: tuple[Command, ...] = (
    trace.COMMAND,
    attest.COMMAND,
    gate.COMMAND,
    report.COMMAND,
    scan.COMMAND,
    tables.COMMAND,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; what goes wrong is one sentence on stderr."""
    parser = argparse.ArgumentParser(prog="acceptance", description=__doc__)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_to(commands)
    chosen = parser.parse_args(arguments)
    try:
        code: int = chosen.run(chosen)
    except AcceptanceError as error:
        if chosen.debug:
            raise
        print(error.message, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
