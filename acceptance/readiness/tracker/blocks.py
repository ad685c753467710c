"""Splits a Markdown file into the blocks that a tracker needs: headings, texts and boxes."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ftfy
from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator

_BOX = re.compile(r"\[([ xX])\][ \t\n]+(\S.*)", re.DOTALL)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]{3,}")
_DEEPEST = 100  # two for each nested list; the parser's default of 20 is too low
_MARKDOWN = MarkdownIt("commonmark", {"maxNesting": _DEEPEST}).disable("inline")


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, a paragraph, or the text of a list item."""

    text: str
    """The text with repaired emoji, without the box, and with the line breaks of the file."""
    line: int
    """The line in the file, counted from 0."""
    level: int = 0
    """The level of a heading, 1 to 6; 0 for all other blocks."""
    listed: bool = False
    """Whether it is the first text of a list item."""
    ticked: bool | None = None
    """Whether the box is ticked; None if the block is not a box."""


class NestedTooDeep(Exception):
    """Lists or quotes are nested too deeply for the parser; `line` is counted from 0."""

    def __init__(self, line: int) -> None:
        """Keep the line."""
        super().__init__(line)
        self.line = line


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of a Markdown text, without code, HTML and rules.

    Raises `NestedTooDeep` where the parser would silently omit text.
    """
    tokens = _MARKDOWN.parse(text.replace("\ufeff", " ", 1) if text[:1] == "\ufeff" else text)
    for number, token in enumerate(tokens):
        if token.level >= _DEEPEST - 1:
            raise NestedTooDeep((token.map or [0])[0])
        if token.type != "inline" or token.map is None:
            continue
        opening, content, line = tokens[number - 1], token.content, token.map[0]
        if opening.type == "heading_open" and opening.level == 0:
            yield Block(repaired(content), line, level=int(opening.tag[1:]))
            continue
        listed = number > 1 and tokens[number - 2].type == "list_item_open"
        box = _BOX.fullmatch(content) if listed and opening.type == "paragraph_open" else None
        if box is None:
            yield Block(repaired(content), line, listed=listed)
        else:
            yield Block(repaired(box[2]), line, listed=True, ticked=box[1] != " ")


def repaired(text: str) -> str:
    """Return a text with repaired emoji: ✅ for âœ…, which comes from a wrong encoding."""
    return text if text.isascii() else _NOT_ASCII.sub(_symbol, ftfy.fix_encoding(text))


def _symbol(found: re.Match[str]) -> str:
    """Return the emoji for characters that ftfy did not repair, because they could be quotes."""
    try:  # a codec of ftfy: windows-1252 with its five undefined bytes
        symbol = found[0].encode("sloppy-windows-1252").decode("utf-8")
    except UnicodeError:
        return found[0]
    return symbol if all(map(_is_emoji, symbol)) else found[0]


def _is_emoji(letter: str) -> bool:
    return unicodedata.category(letter) in {"So", "Sk"} or letter in "\u200d\ufe0f"


def plain(text: str) -> str:
    """Return a text on one line, without a leading emoji."""
    words = text.split()
    while words and all(map(_is_emoji, words[0])):
        del words[0]
    return " ".join(words)
