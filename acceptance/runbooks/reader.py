"""Reads a written procedure: a Markdown page with sections, promises and commands to be typed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

_DURATION = re.compile(r"(\d+)\s*(minute|hour|day|week)s?\b", re.IGNORECASE)
_DATE = re.compile(r"\b(\d{4}-\d{2}-\d{2})\b")
_SHELLS = ("sh", "bash")


@dataclass(frozen=True)
class Section:
    """What stands below a heading of the second level, up to the next one."""

    title: str
    text: str
    """All prose and code in it, without the heading."""


@dataclass(frozen=True)
class Commands:
    """A block of commands: ```sh MARK."""

    mark: str
    """The word behind `sh`: what the commands are for."""
    text: str
    line: int


@dataclass(frozen=True)
class Procedure:
    """A page, read."""

    sections: tuple[Section, ...]
    commands: tuple[Commands, ...]
    """Those with a mark, in the order of the page."""

    def section(self, title: str) -> str:
        """Return the text of a section, by its title in any case; empty if there is none."""
        found = (each.text for each in self.sections if each.title.lower() == title.lower())
        return next(found, "")

    def script(self, mark: str) -> str:
        """Return the commands with a mark, in order and exactly as they are written."""
        return "".join(each.text for each in self.commands if each.mark == mark)


def read_procedure(text: str) -> Procedure:
    """Read a page of Markdown."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    sections: list[Section] = []
    commands: list[Commands] = []
    heads = [at for at, token in enumerate(tokens) if token.type == "heading_open"]
    seconds = [at for at in heads if tokens[at].tag == "h2"]
    for number, at in enumerate(seconds):
        end = seconds[number + 1] if number + 1 < len(seconds) else len(tokens)
        body = tokens[at + 3 : end]  # after opening, words and closing of the heading
        sections.append(Section(tokens[at + 1].content.strip(), _words(body)))
    for token in tokens:
        language, *marks = token.info.split() or [""]  # only a fence has an info string
        if language in _SHELLS and marks:
            line = token.map[0] + 1 if token.map else 0
            commands.append(Commands(marks[0], token.content, line))
    return Procedure(tuple(sections), tuple(commands))


def duration_in(text: str) -> timedelta | None:
    """Return the first duration in a text, such as 24 hours; None if there is none."""
    found = _DURATION.search(text)
    if found is None:
        return None
    return timedelta(**{f"{found.group(2).lower()}s": int(found.group(1))})


def date_in(text: str) -> date | None:
    """Return the first date (ISO 8601) in a text; None if there is none that exists."""
    found = _DATE.search(text)
    if found is None:
        return None
    try:
        return date.fromisoformat(found.group(1))
    except ValueError:
        return None


def line_with(text: str, word: str) -> str:
    """Return the first line that begins with a word, whatever list mark is before it; else ""."""
    for line in text.splitlines():
        if line.lstrip("-*| ").lower().startswith(word.lower()):
            return line
    return ""


def _words(tokens: Sequence[Token]) -> str:
    kinds = ("inline", "fence", "code_block")
    return "\n".join(token.content for token in tokens if token.type in kinds).strip()
