"""Asks the repository's own programs for their commands and options, and runs blocks of pages."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from acceptance.errors import EnvironmentFailure
from acceptance.process import run

if TYPE_CHECKING:
    from pathlib import Path

_HELP = re.compile(r"^ {1,4}(-\S.*?)(?:  |$)", re.MULTILINE)
"""Where argparse explains options. A help text further right may name others, also first in a
line."""
_OPTION = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")
COMMAND_LINES = {"acceptance": "acceptance.cli", "operations": "operations"}
"""The repository's programs that have commands, and the module by which Python starts each."""
_TABLES = {"acceptance": "acceptance.cli.__main__", "operations": "operations.cli"}
_LIST = "import json; from {} import COMMANDS as found; print(json.dumps(list(found)))"


@dataclass(frozen=True)
class BlockRun:
    """A block of commands, run as it is written."""

    page: str
    line: int
    text: str
    succeeded: bool
    said: str
    """What it wrote, or how it failed."""
    seconds: float


class Programs:
    """The programs of the repository at `root`."""

    def __init__(self, root: Path, *, timeout: float) -> None:
        """Run in `root`; `timeout` in seconds holds for each program."""
        self._root = root
        self._timeout = timeout
        self.options = cache(self._options)
        """The options of a program, by its name: pytest, or `acceptance` and its command."""
        self.commands = cache(self._commands)
        """The names of a program's commands; raises `EnvironmentFailure`."""

    def run(self, page: str, line: int, text: str) -> BlockRun:
        """Run a block with a shell that stops at the first command that fails."""
        try:
            done = run(["sh", "-eu", "-c", text], cwd=self._root, timeout=self._timeout)
        except EnvironmentFailure as error:
            return BlockRun(page, line, text, succeeded=False, said=error.message, seconds=0.0)
        return BlockRun(page, line, text, succeeded=True, said=done.stdout, seconds=done.seconds)

    def _commands(self, program: str) -> frozenset[str]:
        return frozenset(json.loads(self._python("-c", _LIST.format(_TABLES[program]))))

    def _options(self, program: str) -> frozenset[str]:
        name, _, command = program.partition(" ")
        module = COMMAND_LINES.get(name, name)
        said = self._python("-m", module, *([command] if command else []), "--help")
        return frozenset(_OPTION.findall("\n".join(_HELP.findall(said))))

    def _python(self, *arguments: str) -> str:
        command = [sys.executable, *arguments]
        return run(command, cwd=self._root, timeout=self._timeout).stdout
