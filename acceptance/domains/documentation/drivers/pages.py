"""Reads Markdown pages: their headings, links, code, and what they say that they document."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import pairwise
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from markdown_it.token import Token

_MARKDOWN = MarkdownIt("commonmark").enable("table")
_REMARK = re.compile(r"<!--\s*(documents|checked|makes)\s*:\s*(.*?)\s*-->", re.DOTALL)
_DANGLING = re.compile(r"\[[^\]\[]+\]\[[^\]\[]*\]")
"""A reference to a link that the page does not define: Markdown shows it as it is written."""
_BREAKS = {"softbreak", "hardbreak"}


@dataclass(frozen=True)
class Link:
    """Where a link or an image leads, as it is written."""

    target: str
    line: int


@dataclass(frozen=True)
class Code:
    """Code in a page: a span in a line, or a block."""

    text: str
    line: int
    """Of the span, or of the first line inside of the block."""
    language: str | None
    """The first word behind the fence, empty if there is none; None for a span."""
    marks: tuple[str, ...] = ()
    """The other words behind the fence."""


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: str
    """Relative to the repository."""
    anchors: frozenset[str]
    """Of its headings, as GitHub makes them, and of its own HTML."""
    links: tuple[Link, ...]
    dangling: tuple[Link, ...]
    """References to links that the page does not define."""
    code: tuple[Code, ...]
    documents: tuple[str, ...]
    """Globs of the files that it documents: `<!-- documents: Makefile, node/*/go.mod -->`."""
    makes: tuple[str, ...]
    """Globs of files that its reader is to make: `<!-- makes: attestations/trust.toml -->`."""
    checked: str
    """The day on which somebody last found it right: `<!-- checked: 2026-11-25 -->`."""


def read_page(path: str, text: str) -> Page:
    """Read the page at `path`, whose content is `text`."""
    reader = _Reader()
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        reader.read(token)
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            reader.anchors.heading(_shown(inline))
    said = dict(_REMARK.findall(reader.remarks))
    documents, makes = (re.split(r"[\s,]+", said.get(key, "")) for key in ("documents", "makes"))
    return Page(
        path=path,
        anchors=frozenset(reader.anchors.found),
        links=tuple(reader.links),
        dangling=tuple(reader.dangling),
        code=tuple(reader.code),
        documents=tuple(pattern for pattern in documents if pattern),
        makes=tuple(pattern for pattern in makes if pattern),
        checked=said.get("checked", ""),
    )


class _Reader:
    """Collects what the tokens of a page hold."""

    def __init__(self) -> None:
        self.anchors = _Anchors()
        self.links: list[Link] = []
        self.dangling: list[Link] = []
        self.code: list[Code] = []
        self.remarks = ""

    def read(self, token: Token) -> None:
        """Read a block."""
        line = (token.map or [0])[0] + 1
        if token.type == "fence":
            words = token.info.split()
            self.code.append(Code(token.content, line + 1, (words or [""])[0], tuple(words[1:])))
        elif token.type == "code_block":
            self.code.append(Code(token.content, line, ""))
        elif token.type == "html_block":
            self.remarks += token.content
            self._html(token.content, line)
        for part in token.children or () if token.type == "inline" else ():
            self._part(part, line)
            line += part.type in _BREAKS

    def _part(self, part: Token, line: int) -> None:
        if part.type == "code_inline":
            self.code.append(Code(part.content, line, None))
        elif part.type == "link_open":
            self.links.append(Link(str(part.attrs["href"]), line))
        elif part.type == "image":
            self.links.append(Link(str(part.attrs["src"]), line))
        elif part.type == "html_inline":
            self._html(part.content, line)
        elif part.type == "text":
            self.dangling += [Link(found, line) for found in _DANGLING.findall(part.content)]

    def _html(self, text: str, line: int) -> None:
        html = _Html()
        html.feed(text)
        self.anchors.found.update(html.names)
        self.links += [Link(target, line) for target in html.targets]


class _Anchors:
    """The names within a page that a link may have behind its #."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self._seen: dict[str, int] = {}

    def heading(self, title: str) -> None:
        """Add a heading's anchor, as GitHub makes it: a second one of the same name gets -1."""
        name = re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")
        count = self._seen.get(name, 0)
        self._seen[name] = count + 1
        self.found.add(f"{name}-{count}" if count else name)


class _Html(HTMLParser):
    """The attributes of HTML that matter here."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note names and targets."""
        for name, value in attrs:
            if value and (name == "id" or (tag == "a" and name == "name")):
                self.names.append(value)
            if value and (tag, name) in {("a", "href"), ("img", "src"), ("source", "srcset")}:
                self.targets.append(value)


def _shown(inline: Token) -> str:
    """Return the text that a heading shows."""
    shown = ("text", "code_inline", "image")
    return "".join(part.content for part in inline.children or () if part.type in shown)
