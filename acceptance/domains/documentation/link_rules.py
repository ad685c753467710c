"""Decides about single links and mentions of a page: what is wrong with each, in words."""

from __future__ import annotations

import posixpath
import re
from fnmatch import fnmatch
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from acceptance.domains.documentation.drivers.mentions import Mention
    from acceptance.domains.documentation.drivers.pages import Page
    from acceptance.domains.documentation.drivers.programs import Programs

_LINE = re.compile(r"L(\d+)(?:-L(\d+))?")
_PLACEHOLDER = re.compile(r"[A-Z][A-Z_]*")
_OUTSIDE = {"http", "https"}


def link_fault(  # noqa: PLR0911 (each return is a sentence of its own)
    page: Page, target: str, pages: Mapping[str, Page], names: Collection[str]
) -> str | None:
    """Return what is wrong with a link; None if nothing is.

    `names` are the files of the repository: what only this machine has is not there for others.
    """
    try:
        parts = urlsplit(target)
    except ValueError as error:
        return f"is no address ({error})"
    if parts.scheme in _OUTSIDE:
        return None if parts.hostname and " " not in unquote(target) else "names no host"
    if parts.scheme == "mailto":
        return None if "@" in parts.path else "names no mailbox"
    if parts.scheme or parts.netloc:
        return f"has the scheme {parts.scheme or 'of its page'}, which no reader opens"
    path, anchor = unquote(parts.path), unquote(parts.fragment)
    base = "" if path.startswith("/") else posixpath.dirname(page.path)
    found = posixpath.normpath(posixpath.join(base, path.lstrip("/"))) if path else page.path
    if found == ".." or found.startswith("../"):
        return "leads out of the repository"
    folder = found == "." or any(name.startswith(f"{found}/") for name in names)
    if found not in names and not folder:
        return f"leads to {found}, which is not there"
    if not anchor:
        return None
    if found in pages:
        known = anchor in pages[found].anchors
        return None if known else f"leads to #{anchor}, and {found} has no such heading"
    return None if _LINE.fullmatch(anchor) else f"leads to #{anchor} in {found}, which is no page"


def is_outside(target: str) -> bool:
    """Whether a link leads out of the repository, where nothing is looked at."""
    return target.partition(":")[0] in {*_OUTSIDE, "mailto"}


class Mentioned:
    """Judges mentions by what the repository has, asking its programs only when a page does."""

    def __init__(
        self,
        root: Path,
        names: Sequence[str],
        targets: Collection[str],
        programs: Programs,
        ignored: Callable[[Sequence[str]], frozenset[str]],
    ) -> None:
        """Judge by the files below `root`, the make targets and the programs.

        `ignored` returns those of some files that are made, not written.
        """
        self._root = root
        self._names = names
        self._folders = {folder for name in names for folder in _parents(name)}
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
            known = text.removeprefix("acceptance ") in self._programs.commands()
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
            if mention.program.startswith("acceptance "):
                command = mention.program.removeprefix("acceptance ")
                if command not in self._programs.commands():
                    return None  # told by the mention of the command itself
            known = mention.text in self._programs.options(mention.program)
            return None if known else f"{mention.program} has no such option"
        programs = ["pytest"]
        if "acceptance/cli/__main__.py" in self._names:
            programs += ["acceptance", *(f"acceptance {c}" for c in self._programs.commands())]
        if any(mention.text in self._programs.options(program) for program in programs):
            return None
        return "neither pytest nor acceptance has it; name the program whose option it is"

    def _has(self, path: str) -> bool:
        parts = path.split("/")
        if path in self._folders or any(fnmatch(name, path) for name in self._names):
            return True
        if self._ignored([path, f"{path}/"]):  # a pattern may name folders only
            # What a run makes need not be there yet; a program that set-up installs has to be.
            folder = (self._root / path).parent
            return folder.name != "bin" or not folder.is_dir() or (self._root / path).exists()
        # Else an image, a group of the API, a path of another machine or of the reader's choice.
        chosen = any(_PLACEHOLDER.fullmatch(part) for part in parts)
        return parts[0] not in self._top or chosen


def _parents(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
