"""Reads a runbook: a Markdown page with sections, promises, and commands that an operator runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from acceptance.judgement import require

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from markdown_it.token import Token

_DURATION = re.compile(r"(\d+)\s*(minute|hour|day|week)s?\b", re.IGNORECASE)
_DATE = re.compile(r"\b(\d{4}-\d{2}-\d{2})\b")
_SHELLS = ("sh", "bash")


@dataclass(frozen=True)
class Section:
    """The part of a page below a heading of the second level, up to the next one."""

    title: str
    text: str
    """All prose and code in it, without the heading."""


@dataclass(frozen=True)
class CommandBlock:
    """A block of commands: ```sh MARK."""

    mark: str
    """The word after `sh`: what the commands do."""
    text: str
    line: int
    """Where it begins on the page, counted from 1."""


@dataclass(frozen=True)
class Runbook:
    """A runbook, read into its parts."""

    page: str
    """Its path in the repository."""
    text: str
    sections: tuple[Section, ...]
    blocks: tuple[CommandBlock, ...]
    """The blocks with a mark, in the order of the page."""

    def section(self, title: str) -> str:
        """Return the text of a section, by its title in any case; empty if there is none."""
        found = (each.text for each in self.sections if each.title.lower() == title.lower())
        return next(found, "")

    def table(self, title: str) -> list[list[str]]:
        """Return the cells of the rows of a section's tables, without their heads."""
        part = self.text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        rows = [line.strip().strip("|") for line in part.splitlines() if line.startswith("|")]
        cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)] for row in rows]
        rules = [n for n, row in enumerate(cells) if set(row[0]) <= {"-", ":", " "}]
        heads = {n - 1 for n in rules} | set(rules)
        return [row for n, row in enumerate(cells) if n not in heads]

    def commands(self, mark: str) -> str:
        """Return the commands with a mark, in order and exactly as they are written."""
        return "".join(each.text for each in self.blocks if each.mark == mark)


def load_runbook(repository: Path, page: str) -> Runbook:
    """Read the runbook at the path `page` of a repository.

    Raises `AssertionError` if it is missing: a team without a runbook does not meet the criterion.
    """
    path = repository / page
    require(path.is_file(), f"There is no {page}.")
    return read_runbook(page, path.read_text(encoding="utf-8"))


def read_runbook(page: str, text: str) -> Runbook:
    """Read a runbook from Markdown; `page` is its path in the repository."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    sections: list[Section] = []
    blocks: list[CommandBlock] = []
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
            blocks.append(CommandBlock(marks[0], token.content, line))
    return Runbook(page, text, tuple(sections), tuple(blocks))


def duration_in(text: str) -> timedelta | None:
    """Return the first duration in a text, such as 24 hours; None if there is none."""
    found = _DURATION.search(text)
    if found is None:
        return None
    return timedelta(**{f"{found.group(2).lower()}s": int(found.group(1))})


def durations_in(text: str) -> list[timedelta]:
    """Return all durations in a text, such as 24 hours, in its order."""
    return [
        timedelta(**{f"{unit.lower()}s": int(number)}) for number, unit in _DURATION.findall(text)
    ]


def date_in(text: str) -> date | None:
    """Return the first date (ISO 8601) in a text; None if there is none, or no such day."""
    found = _DATE.search(text)
    if found is None:
        return None
    try:
        return date.fromisoformat(found.group(1))
    except ValueError:
        return None


def line_with(text: str, word: str) -> str:
    """Return the first line that begins with a word, after its list or table mark; else ""."""
    for line in text.splitlines():
        if line.lstrip("-*| ").lower().startswith(word.lower()):
            return line
    return ""


def _words(tokens: Sequence[Token]) -> str:
    kinds = ("inline", "fence", "code_block")
    return "\n".join(token.content for token in tokens if token.type in kinds).strip()
