"""Entry of the command line: `acceptance COMMAND`, or `python -m acceptance.cli COMMAND`."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from acceptance.command_line import run_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.cli.command import Command

COMMANDS = ("trace", "attest", "gate", "report", "scan", "tables")
"""In the order of `--help`; each is a module of this package."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; what goes wrong is one sentence on stderr."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    return run_command(_parser(given).parse_args(given))


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="acceptance", description=__doc__)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    first = next((each for each in given if not each.startswith("-")), None)
    # Each command needs libraries that the others do without, so only the wanted one is imported.
    for name in (first,) if first in COMMANDS else COMMANDS:
        command: Command = import_module(f"acceptance.cli.{name}").COMMAND
        command.add_to(commands)
    return parser


class _Version(argparse.Action):
    """Prints the version of the project, which is read only when somebody asks for it."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version, and stop")

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,  # noqa: ARG002 (argparse's own signature)
        values: Any,  # noqa: ANN401, ARG002 (the same)
        option_string: str | None = None,  # noqa: ARG002 (the same)
    ) -> None:
        from importlib import metadata  # noqa: PLC0415 (it takes a tenth of a command's start)

        print(f"{parser.prog} {metadata.version('checkout-acceptance')}")
        parser.exit()


if __name__ == "__main__":
    sys.exit(main())
