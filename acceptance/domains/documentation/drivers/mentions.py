"""Finds the commands, options, modules and paths that the code of a page mentions."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from acceptance.domains.documentation.drivers.pages import Page, PageCode

MentionKind: TypeAlias = Literal["target", "command", "option", "module", "path"]

_SHELL = {"", "sh", "bash", "shell", "console"}
_PATH = re.compile(r"(?:\./)?[\w.@*-]*[\w*](?:/[\w.@*-]+)*/?")
_PLACEHOLDER = re.compile(r"[A-Z][A-Z_]*")
"""A word that the reader replaces: FOLDER, ITEM."""
_WORD = re.compile(r"[a-z][a-z0-9-]*")
_OPTION = re.compile(r"(--?[A-Za-z][\w-]*)(?:=.*)?", re.DOTALL)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_OPERATORS = set("();<>|&")
_COMMAND_LINES = {
    "acceptance": "acceptance",
    "acceptance.cli": "acceptance",
    "operations": "operations",
}
"""Programs with commands of their own, as a page names them and as modules."""


@dataclass(frozen=True)
class Mention:
    """A name in the code of a page that has to exist."""

    kind: MentionKind
    text: str
    program: str
    """For an option: pytest, or `acceptance` and its command; empty if the page does not say."""
    page: str
    line: int


def mentions(page: Page) -> tuple[Mention, ...]:
    """Return what the page's spans of code and its blocks of shell mention.

    Files that its reader creates are left out.
    """
    return tuple(
        Mention(kind, text, program, page.path, line)
        for code in page.code
        if code.language is None or code.language in _SHELL
        for line, words in _commands(code)
        for kind, text, program in _of(words)
        if kind != "path" or not any(fnmatch(text, glob) for glob in page.makes)
    )


def _commands(code: PageCode) -> Iterator[tuple[int, list[str]]]:
    """Yield the words of each simple command, with its line."""
    line = code.line
    for text in re.split(r"(?<!\\)\n", code.text):  # a backslash continues the line
        words: list[str] = []
        for word in [*_words(text.replace("\\\n", " ").removeprefix("$ ")), "|"]:
            if set(word) <= _OPERATORS:
                if words:
                    yield line, words
                words = []
            elif words or not _ASSIGNMENT.match(word):
                words.append(word)
        line += text.count("\n") + 1


def _words(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        return list(lexer)
    except ValueError:  # an open quotation mark: text, not a command
        return text.split()


def _of(words: Sequence[str]) -> Iterator[tuple[MentionKind, str, str]]:
    program, rest = PurePosixPath(words[0]).name, words[1:]
    if program.startswith("python") and rest[:1] == ["-m"] and len(rest) > 1:
        program, rest = rest[1], rest[2:]
        if program not in {"pytest", *_COMMAND_LINES}:
            yield "module", program, ""
    if program == "make":
        yield from _make(rest)
    elif program == "pytest":
        yield from _options(rest, "pytest")
    elif program in _COMMAND_LINES:
        yield from _command_line(rest, _COMMAND_LINES[program])
    elif len(words) == 1 and (option := _OPTION.fullmatch(words[0])) and words[0][:2] == "--":
        yield "option", option[1], ""
    for word in words:
        value = word.partition("=")[2] if word.startswith("-") else word.partition("::")[0]
        if "/" in value and _PATH.fullmatch(value):
            yield "path", value.removeprefix("./"), ""


def _make(words: Sequence[str]) -> Iterator[tuple[MentionKind, str, str]]:
    targets = [word for word in words if _WORD.fullmatch(word)]
    yield from (("target", f"make {target}", "") for target in targets)
    for word in words:
        if word.startswith("ARGS=") and "bench" not in targets:  # whose arguments are its own
            yield from _options(_words(word.removeprefix("ARGS=")), "pytest")


def _command_line(words: Sequence[str], program: str) -> Iterator[tuple[MentionKind, str, str]]:
    chosen = next((word for word in words if not word.startswith("-")), "")
    if _WORD.fullmatch(chosen):
        yield "command", f"{program} {chosen}", ""
        yield from _options(words, f"{program} {chosen}")
    elif not chosen or _PLACEHOLDER.fullmatch(chosen):
        yield from _options(words, program)


def _options(words: Sequence[str], program: str) -> Iterator[tuple[MentionKind, str, str]]:
    for word in words:
        if found := _OPTION.fullmatch(word):
            yield "option", found[1], program
