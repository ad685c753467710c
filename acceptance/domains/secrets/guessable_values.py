"""Recognises a value that nobody generated: a placeholder, left-over template syntax, a guess."""

from __future__ import annotations

import base64
import math
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

LEAST_BITS = 24.0
"""A generated value is harder to guess: six random letters and digits have more."""

_WORDS_FILE = Path(__file__).parent / "guessable_words.txt"
_LONGEST = 200
"""Longer values, and those of several lines, are files: they may say anything in a comment."""
_WORD_BITS, _CAPITAL_BITS, _YEAR_BITS, _DIGIT_BITS, _SYMBOL_BITS = 9.0, 1.0, 6.0, math.log2(10), 5.0
_LETTERS, _BOTH_CASES = 26, 52
_MOST_DIGITS = 4
"""What people put behind a word: a year, a number."""
_DOUBLE_ENCODINGS = 2

# What nothing has filled in: variables of shells, envsubst and Kubernetes; marks of Helm, Jinja,
# ERB, m4 and Ant; and references that a secret store was to resolve.
_TEMPLATE = re.compile(
    r"\$\{[A-Za-z_][\w.:?=-]*\}|\$\([A-Za-z_][\w.]*\)|\{\{.*?\}\}|\{%.*?%\}|<%.*?%>|\[\[.*?\]\]"
    r"|^\{[A-Za-z_]\w*\}$|^<[^<>]*>$|^\[[^\[\]]*\]$|^%[A-Za-z_]\w*%$|^@[A-Za-z_][\w.]*@$|^__\w+?__$"
    r"|^(?-i:\$[A-Z][A-Z0-9_]*)$|^\$ANSIBLE_VAULT\b|^ENC\[|^!vault\b|^arn:aws:"
    r"|^(vault|op|ref\+\w+|secretref|awssm|gcpsm|azurekeyvault):(//)?\S",
    re.IGNORECASE,
)
_NOTHING = re.compile(r"(null|none|nil|undefined|n/?a|<no value>|(.)\2*)", re.IGNORECASE)
# Parts that no generator writes. The short ones need a boundary, or a random value may have them.
_TELLING = re.compile(
    r"change[-_ ]?(me|this|it|before|after)|replace[-_ ]?(me|this|with|before)|place[-_ ]?holder"
    r"|your[-_ ](own|secret|password|key|token|api|strong|random|super)|insert[-_ ]\w+[-_ ]here"
    r"|(?<![A-Za-z0-9])(todo|tbd|tba|fixme|xxx+|dummy|example|sample|insecure|changeit)"
    r"(?![A-Za-z0-9])|example\.(com|org|net)",
    re.IGNORECASE,
)
_LEET = str.maketrans("@4013$57!", "aaolessti")
_RUNS = re.compile(r"[^\W\d_]+|\d+|[\W_]+")
_YEAR = re.compile(r"(19|20)\d\d")
_REPEATED = re.compile(r"(.+?)\1+", re.DOTALL)


def value_fault(value: str, *, generated: bool, known: Collection[str] = ()) -> str | None:
    """Say what is wrong with a secret value; None if nothing is.

    `known` are words that anybody can guess here, such as the names of the system and of the key.
    Only a `generated` value has to be hard to guess.
    """
    value = value.strip()
    if not value:
        return "is empty"
    words = common_words() | frozenset(_alphabetic(known))
    for each in _decodings(value):
        if fault := _unfilled(each, words):
            return fault
    if generated and guess_bits(value, words) < LEAST_BITS:
        return "is too easy to guess"
    return None


def name_fault(value: str) -> str | None:
    """Say what is wrong with a name, which anybody may guess; None if somebody has chosen it."""
    value = value.strip()
    if not value:
        return "is empty"
    return _unfilled(value, ())


def guess_bits(value: str, words: Collection[str] = ()) -> float:
    """Return about how many bits a value has for somebody who tries words, years and sequences."""
    if len(value) > _LONGEST:
        return float(len(value))
    known = words or common_words()
    plain = _bits(value, known)
    replaced = value.translate(_LEET)
    return min(plain, _bits(replaced, known) + 2 * _CAPITAL_BITS) if replaced != value else plain


@cache
def common_words() -> frozenset[str]:
    """Return the words of which people make placeholders and passwords."""
    lines = _WORDS_FILE.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def _decodings(value: str) -> Iterable[str]:
    """Yield a value, and what it is if a tool has encoded it again before it was stored."""
    yield value
    for _ in range(_DOUBLE_ENCODINGS):
        try:
            value = base64.b64decode(value, validate=True).decode("utf-8").strip()
        except ValueError:
            return
        if value and value.isprintable():
            yield value


def _unfilled(value: str, words: Collection[str]) -> str | None:
    """Say by what a value shows that nobody generated it; None if it does not."""
    if len(value) > _LONGEST or "\n" in value:
        return None
    if _TEMPLATE.search(value):
        return "is template syntax that nothing has filled in"
    if _TELLING.search(value) or _NOTHING.fullmatch(value):
        return "is a placeholder"
    joined = re.sub(r"[-_. ]", "", value)
    if 2 * sum(map(str.isalpha, joined)) >= len(joined) and any(
        _only_words(each, words) for each in (value, value.translate(_LEET))
    ):
        return "consists of words that anybody would try"
    return None


def _only_words(value: str, words: Collection[str]) -> bool:
    runs = _RUNS.findall(value)
    letters = [run for run in runs if run.isalpha()]
    digits = sum(len(run) for run in runs if run.isdigit())
    return (
        bool(letters) and digits <= _MOST_DIGITS and all(_rest(run, words) == 0 for run in letters)
    )


def _bits(value: str, words: Collection[str]) -> float:
    repeated = _REPEATED.fullmatch(value)
    if repeated:
        return _bits(repeated[1], words) + math.log2(len(value) / len(repeated[1]))
    alphabet = _LETTERS if value == value.lower() or value == value.upper() else _BOTH_CASES
    total = 0.0
    for run in _RUNS.findall(value):
        if run.isalpha():
            rest = _rest(run, words)
            found = _count_words(run, words)
            capitals = _CAPITAL_BITS if found and run != run.lower() else 0.0
            total += rest * math.log2(alphabet) + found * _WORD_BITS + capitals
        elif run.isdigit():
            years = bool(_YEAR.fullmatch(run))
            sequence = run in "01234567890123456789" or run in "9876543210"
            digits = min(2.0, len(run)) if sequence and len(run) > 2 else len(run) - 4 * years  # noqa: PLR2004
            total += years * _YEAR_BITS + digits * _DIGIT_BITS
        else:
            total += len(set(run)) * _SYMBOL_BITS
    return total


def _rest(run: str, words: Collection[str]) -> int:
    """Return how many letters are left of a run if words are taken out, as many as possible."""
    return _best(run, words)[0]


def _count_words(run: str, words: Collection[str]) -> int:
    return _best(run, words)[1]


def _best(run: str, words: Collection[str]) -> tuple[int, int]:
    """Return (letters that belong to no word, number of words) of the cheapest division."""
    text = run.lower()
    best: list[tuple[int, int]] = [(0, 0)]
    longest = max(map(len, words), default=0)
    for end in range(1, len(text) + 1):
        rest, count = best[end - 1]
        options = [(rest + 1, count)]
        for start in range(max(0, end - longest), end):
            if text[start:end] in words:
                rest, count = best[start]
                options.append((rest, count + 1))
        best.append(min(options))
    return best[-1]


def _alphabetic(known: Iterable[str]) -> Iterable[str]:
    for each in known:
        yield from (run.lower() for run in re.findall(r"[A-Za-z]{3,}", each))
