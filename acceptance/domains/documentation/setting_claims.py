"""Compares what a page says of settings with what is configured, in tables and sentences. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acceptance.domains.documentation.drivers.pages import markdown_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from acceptance.domains.documentation.drivers.configured_settings import ConfiguredSetting

_NAMES = {"key", "variable", "setting", "environment variable"}
_VALUES = {"value"}
_DEFAULTS = {"default", "default value", "default in seconds"}
_USERS = {"used by", "read by"}
_REQUIRED = {"required", "mandatory"}
_COMPARED = _VALUES | _DEFAULTS | _USERS | _REQUIRED
_ELSEWHERE = {"see below", "see above"}
_NOTHING = {"", "-", "–", "—", "none", "nothing", "nobody"}
_YES, _NO = {"yes", "required", "always"}, {"no", "optional", "not required"}
_CODE = re.compile(r"`([^`]+)`")
_UNUSED = re.compile(
    r"\b(?:(?:is|are|was) )?(?:no longer|not|never) (?:used|needed|read|required)\b(?! by)"
    r"|\bunused\b|\bdeprecated\b|\bobsolete\b|\bhas no effect\b|\bis ignored\b"
    r"|\b(?:leave|keep) (?:it|this|them|empty)\b|\b(?:may|can) be (?:left )?empty\b"
    r"|\bnicht mehr (?:benutzt|verwendet|gebraucht|nötig)\b|\bveraltet\b|\bleer lassen\b",
    re.IGNORECASE,
)
_OPTIONAL = re.compile(r"\b(?:is )?optional\b|\bneed not be set\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|\n{2,}|\n\s*[-*|] ")
_STATED = re.compile(
    r"\s*(?:=|:|\((?:default|now):?|(?:is|of|are|means|defaults to|default:?|has the value)"
    r"(?: set to)?)"
    r"\s*(?:a |the )?`?(\d+(?:\.\d+)?)`?(?![\w.]*\d)"
)
_NEAR = 60
"""So many characters may stand between a setting and what a sentence says of it."""


@dataclass(frozen=True)
class Claim:
    """Something that a page says of a setting, and what is wrong with it: None if nothing is."""

    setting: str
    what: str
    fault: str | None


def table_claims(text: str, settings: Sequence[ConfiguredSetting]) -> Iterator[Claim]:
    """Yield what the tables of a page say of settings.

    The head of the first column says that a table is about settings. Compared are the columns with
    a value, a default, who uses it, and whether it is required.
    """
    known: dict[str, list[ConfiguredSetting]] = {}
    for each in settings:
        known.setdefault(each.name, []).append(each)
    for head, *rows in markdown_tables(text):
        columns = [name.casefold() for name in head]
        if columns[0] not in _NAMES or not _COMPARED & set(columns):
            continue
        if not any(name in known for row in rows for name in _CODE.findall(row[0])):
            continue  # about something else
        for row in rows:
            for name in _CODE.findall(row[0]):
                if name not in known:
                    yield Claim(name, row[0], "there is no such setting")
                    continue
                for column, cell in zip(columns[1:], row[1:], strict=True):
                    yield from _of_cell(known[name], column, cell)
                yield from _of_range(known[name], columns, row)


def sentence_claims(text: str, settings: Sequence[ConfiguredSetting]) -> Iterator[Claim]:
    """Yield what sentences and rows of tables say of settings that they name.

    That a setting is not used or may be left out, and the number that it is set to.
    """
    needed = {each.name for each in settings if _is_needed(each)}
    required = {each.name for each in settings if each.required}
    numbers = _numbers(settings)
    for head, *rows in markdown_tables(text):
        for row in rows if head else ():
            about = set(_CODE.findall(row[0]))
            for cell in row[1:]:
                for name in about & needed:
                    yield from _denials(name, cell, required=name in required)
    for sentence in _SENTENCE_END.split(_without_tables(text)):
        plain = " ".join(sentence.split())
        for found in _CODE.finditer(plain):
            name, after = found[1], plain[found.end() :]
            if name in needed:
                yield from _denials(name, after[:_NEAR], required=name in required)
            stated = _STATED.match(after)
            if stated and name in numbers:
                right = float(stated[1]) in numbers[name]
                shown = " or ".join(f"{each:g}" for each in sorted(numbers[name]))
                fault = None if right else f"it is said to be {stated[1]}, and is {shown}"
                yield Claim(name, plain, fault)


def _of_cell(known: Sequence[ConfiguredSetting], column: str, cell: str) -> Iterator[Claim]:
    said = cell.strip()
    if said.casefold() in _ELSEWHERE:
        return
    if column in _VALUES:
        yield from _compared(known, "value", said, [e.value for e in known if e.value is not None])
    elif column in _DEFAULTS:
        defaults = [e.default for e in known if e.default is not None]
        yield from _compared(known, "default", said, defaults)
    elif column in _USERS:
        for each in known:
            if each.used_by is not None:
                users = set(re.split(r",\s*|\s+and\s+", said.replace("`", ""))) - _NOTHING
                right = users == set(each.used_by)
                shown = ", ".join(each.used_by) or "nobody"
                fault = None if right else f"it is said to be used by {said}, and is by {shown}"
                yield Claim(each.name, said, fault)
    elif column in _REQUIRED:
        for each in known:
            if each.required is not None:
                right = said.casefold() in (_YES if each.required else _NO)
                shown = "required" if each.required else "not required"
                fault = (
                    None if right else f'"{said}" is said of whether it is required; it is {shown}'
                )
                yield Claim(each.name, said, fault)


def _compared(
    known: Sequence[ConfiguredSetting], what: str, said: str, configured: Sequence[str]
) -> Iterator[Claim]:
    if not configured:
        return
    right = any(_same(said, each) for each in configured)
    shown = " or ".join(_shown(each) for each in dict.fromkeys(configured))
    fault = None if right else f"its {what} is said to be {said or 'nothing'}, and is {shown}"
    yield Claim(known[0].name, said, fault)


def _of_range(
    known: Sequence[ConfiguredSetting], columns: Sequence[str], row: Sequence[str]
) -> Iterator[Claim]:
    """Yield what the cells that are not compared say of the least and the most: "1 to 100"."""
    rest = " ".join(
        cell for column, cell in zip(columns, row, strict=True) if column not in _COMPARED
    )
    for each in known:
        found = re.search(r"(?<!\S)(\d+) to (\d+)\b", rest)
        if each.least is not None and each.most is not None and found:
            right = found.groups() == (each.least, each.most)
            shown = f"{each.least} to {each.most}"
            fault = None if right else f"its range is said to be {found[0]}, and is {shown}"
            yield Claim(each.name, found[0], fault)


def _denials(name: str, said: str, *, required: bool) -> Iterator[Claim]:
    found = _UNUSED.search(said) or (_OPTIONAL.search(said) if required else None)
    if found:
        yield Claim(name, said, f'"{found[0]}" is said of it, and it is in use')


def _is_needed(setting: ConfiguredSetting) -> bool:
    """Whether something reads a setting: a name in capitals, which no other word is."""
    return setting.name.isupper() and setting.used_by != ()


def _numbers(settings: Sequence[ConfiguredSetting]) -> Mapping[str, set[float]]:
    found: dict[str, set[float]] = {}
    for each in settings:
        if not (each.name.isupper() or "." in each.name):
            continue  # a word like any: `cluster`
        for text in (each.value, each.default):
            if text and re.fullmatch(r"\d+(\.\d+)?", text):
                found.setdefault(each.name, set()).add(float(text))
    return found


def _same(said: str, configured: str) -> bool:
    plain = said.replace("`", "").strip()
    if not configured.strip():
        return plain.casefold() in _NOTHING
    words = configured.split()
    if len(words) > 1 and "\n" in configured:
        return [each.strip() for each in plain.split(",")] == words
    try:
        return float(plain) == float(configured)
    except ValueError:
        return plain == configured.strip()


def _shown(configured: str) -> str:
    return ", ".join(configured.split()) if configured.strip() else "none"


def _without_tables(text: str) -> str:
    """Return a page without its tables and blocks of code."""
    without = re.sub(r"^( *)```.*?^\1```\s*$", "", text, flags=re.MULTILINE | re.DOTALL)
    return "\n".join(line for line in without.splitlines() if not line.lstrip().startswith("|"))
