"""A command of the command line."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 (it has no public name)


class Command:
    """One command: its name, its help, its arguments, and the function that it runs.

    `run` gets the parsed arguments and returns the exit code; it raises `AcceptanceError` with the
    sentence that a person is shown.
    """

    def __init__(
        self,
        name: str,
        run: Callable[[argparse.Namespace], int],
        *,
        about: str,
        examples: str,
        arguments: Callable[[argparse.ArgumentParser], None],
    ) -> None:
        """Describe the command; `examples` are lines that can be run as they stand."""
        self.name = name
        self._run = run
        self._about = about
        self._examples = examples
        self._arguments = arguments

    def add_to(self, commands: Commands) -> None:
        """Make the command known to a parser."""
        parser = commands.add_parser(
            self.name,
            help=self._about,
            description=self._about,
            epilog=f"examples:\n{self._examples}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self._arguments(parser)
        parser.set_defaults(run=self._run)
