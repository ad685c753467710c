"""Reads Markdown pages: their headings, their code, and which files they document."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

_MARKDOWN = MarkdownIt("commonmark").enable("table")
_REMARK = re.compile(r"<!--\s*(documents|checked|makes)\s*:\s*(.*?)\s*-->", re.DOTALL)
_UNDEFINED = re.compile(r"\[[^\]\[]+\]\[[^\]\[]*\]")
"""A reference to a link that the page does not define: Markdown shows it as plain text."""
_BREAKS = {"softbreak", "hardbreak"}


@dataclass(frozen=True)
class LinkReference:
    """A link by a name that is defined elsewhere on the page: `[text][name]`."""

    text: str
    line: int


@dataclass(frozen=True)
class PageCode:
    """Code on a page: a span in a line, or a block."""

    text: str
    line: int
    """Of the span, or the first line inside the block."""
    language: str | None
    """The first word after the fence, empty if there is none; None for a span."""
    marks: tuple[str, ...] = ()
    """The other words after the fence."""


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: str
    """Relative to the repository."""
    headings: tuple[str, ...]
    """As they are written."""
    undefined: tuple[LinkReference, ...]
    """References to links that the page does not define."""
    code: tuple[PageCode, ...]
    documents: tuple[str, ...]
    """Globs of the files that it documents: `<!-- documents: Makefile, node/*/go.mod -->`."""
    makes: tuple[str, ...]
    """Globs of files that its reader creates: `<!-- makes: attestations/trust.toml -->`."""
    checked: str
    """The day on which somebody last found it up to date: `<!-- checked: 2026-11-25 -->`."""


def read_page(path: str, text: str) -> Page:
    """Read the page at `path`, whose content is `text`."""
    reader = _Reader()
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        reader.read(token)
    said = dict(_REMARK.findall(reader.remarks))
    documents, makes = (re.split(r"[\s,]+", said.get(key, "")) for key in ("documents", "makes"))
    return Page(
        path=path,
        headings=tuple(
            inline.content for each, inline in pairwise(tokens) if each.type == "heading_open"
        ),
        undefined=tuple(reader.undefined),
        code=tuple(reader.code),
        documents=tuple(pattern for pattern in documents if pattern),
        makes=tuple(pattern for pattern in makes if pattern),
        checked=said.get("checked", ""),
    )


def markdown_tables(text: str) -> Iterator[list[list[str]]]:
    """Yield every table of a page as rows of cells, the head first."""
    rows: list[list[str]] = []
    for token in _MARKDOWN.parse(text):
        if token.type == "table_open":
            rows = []
        elif token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows:
            rows[-1].append(token.content.strip())
        elif token.type == "table_close":
            yield rows
            rows = []


class _Reader:
    """Collects what the tokens of a page hold."""

    def __init__(self) -> None:
        self.undefined: list[LinkReference] = []
        self.code: list[PageCode] = []
        self.remarks = ""

    def read(self, token: Token) -> None:
        """Read a block."""
        line = (token.map or [0])[0] + 1
        if token.type == "fence":
            words = token.info.split()
            language, marks = (words or [""])[0], tuple(words[1:])
            self.code.append(PageCode(token.content, line + 1, language, marks))
        elif token.type == "code_block":
            self.code.append(PageCode(token.content, line, ""))
        elif token.type == "html_block":
            self.remarks += token.content
        for part in token.children or () if token.type == "inline" else ():
            if part.type == "code_inline":
                self.code.append(PageCode(part.content, line, None))
            elif part.type == "text":
                found = _UNDEFINED.findall(part.content)
                self.undefined += [LinkReference(text, line) for text in found]
            line += part.type in _BREAKS
