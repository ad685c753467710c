"""Says what is wrong with what the code of a page mentions: commands, options, modules, paths."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from acceptance.domains.documentation.drivers.inventory import folders_of
from acceptance.domains.documentation.drivers.programs import COMMAND_LINES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from acceptance.domains.documentation.drivers.mentions import Mention
    from acceptance.domains.documentation.drivers.programs import Programs

_PLACEHOLDER = re.compile(r"[A-Z][A-Z_]*")


class MentionRules:
    """Compares mentions with the repository; asks a program only where a page mentions it."""

    def __init__(
        self,
        root: Path,
        names: Sequence[str],
        targets: Collection[str],
        programs: Programs,
        ignored: Callable[[Sequence[str]], frozenset[str]],
    ) -> None:
        """Take the files below `root`, the make targets and the programs.

        `ignored` returns which of some paths git ignores: a run makes them, nobody writes them.
        """
        self._root = root
        self._names = names
        self._folders = folders_of(names)
        self._top = {name.partition("/")[0] for name in names}
        self._targets = targets
        self._programs = programs
        self._ignored = ignored

    def fault(self, mention: Mention) -> str | None:
        """Return what is wrong with a mention; None if nothing is.

        Raises `EnvironmentFailure` if a program cannot be asked.
        """
        text = mention.text
        if mention.kind == "target":
            known = text.removeprefix("make ") in self._targets
            return None if known else f"the Makefile has no target {text.removeprefix('make ')}"
        if mention.kind == "command":
            program, _, command = text.partition(" ")
            known = command in self._programs.commands(program)
            return None if known else "there is no such command"
        if mention.kind == "option":
            return self._option(mention)
        if mention.kind == "module":
            file = text.replace(".", "/")
            own = file.partition("/")[0] in self._top
            there = {f"{file}.py", f"{file}/__main__.py"} & set(self._names)
            return None if there or not own else "there is no such module"
        return None if self._has(text.rstrip("/")) else "there is no such file"

    def _option(self, mention: Mention) -> str | None:
        if mention.program:
            program, _, command = mention.program.partition(" ")
            if command and command not in self._programs.commands(program):
                return None  # the mention of the command itself has the fault
            known = mention.text in self._programs.options(mention.program)
            return None if known else f"{mention.program} has no such option"
        programs = ["pytest"]
        for program, module in COMMAND_LINES.items():
            if f"{module.replace('.', '/')}/__main__.py" in self._names:
                commands = self._programs.commands(program)
                programs += [program, *(f"{program} {command}" for command in commands)]
        if any(mention.text in self._programs.options(program) for program in programs):
            return None
        return (
            f"neither pytest nor {' nor '.join(COMMAND_LINES)} has this option; "
            "write the program that has it in front"
        )

    def _has(self, path: str) -> bool:
        parts = path.split("/")
        if path in self._folders or any(fnmatch(name, path) for name in self._names):
            return True
        if self._ignored([path, f"{path}/"]):  # a pattern may name folders only
            # A run may not have made it yet. But set-up has installed the programs.
            folder = (self._root / path).parent
            return folder.name != "bin" or not folder.is_dir() or (self._root / path).exists()
        # Otherwise it is an image, an API group, a path elsewhere or one that the reader chooses.
        chosen = any(_PLACEHOLDER.fullmatch(part) for part in parts)
        return parts[0] not in self._top or chosen
