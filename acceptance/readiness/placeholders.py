"""Recognises a text that is only filled in: "TBD", "n/a", "-", "not there yet" and the like. Pure.

What somebody has to say on a page, in a tracker or in a signed statement is judged by it. A short
answer that says something, such as "0" or "None: the page has no login", is none of these.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

_YEAR = timedelta(days=366)
_DECADE = timedelta(days=3653)

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_CODE = re.compile(r"`[^`]*`")
_MARKUP = re.compile(r"[*_~`|>#\\]|^\s*(?:[-+]|\d+\.)\s+(?:\[[ xX]\]\s+)?", re.MULTILINE)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")

_VERBS = (
    "added|agreed|announced|assigned|clarified|completed|confirmed|continued|created|decided|defined"
    "|described|determined|discussed|documented|done|filled(?: in)?|finali[sz]ed|implemented|named"
    "|provided|set|specified|supplied|updated|written"
)
_GERMAN_VERBS = (
    "bestimmen|definieren|dokumentieren|ergänzen|erledigen|festzulegen|klären|machen|tun|benennen"
)
# Left open, with or without an explanation of when or by whom.
_POSTPONED = re.compile(
    r"(?:(?:is |are )?(?:still |yet )?(?:"
    r"t\.?b\.?[dcahn]\b\.?|todo|to do(?!:)|fixme|wip|work in progress|in progress|pending"
    r"|outstanding"
    r"|open|coming soon|soon|later|will follow|follows|unassigned|vacant|n\. ?n\.?"
    rf"|to (?:come|follow)|to be (?:{_VERBS})|will be (?:{_VERBS})(?: later| soon)?"
    rf"|not (?:\w+ )?yet(?: (?:{_VERBS}|available|known|clear|there))?|nothing yet|no one yet"
    r")"
    r"|(?:noch )?(?:offen|ausstehend|unbesetzt)|in (?:arbeit|bearbeitung|klärung|planung)"
    r"|(?:kommt|folgt)(?: noch| später| bald)?|später|demnächst|nachzutragen|nachzureichen"
    r"|noch (?:nicht|kein|keine|keiner|nichts)(?: \w+)?|noch nicht(?: \w+){0,2}"
    rf"|(?:noch )?zu (?:{_GERMAN_VERBS})"
    r"|wird (?:noch )?(?:nachgereicht|ergänzt|geklärt|erledigt|festgelegt|nachgetragen|bestimmt)"
    r"|à (?:faire|définir|compléter|venir|préciser)|por (?:hacer|definir|determinar)|pendiente"
    r"|da (?:fare|definire)"
    r")(?=$|\s*[.:;!(]|\s+[–—-]\s)",
)
_POSTPONED_AT_THE_END = re.compile(
    rf"(?:\bto be (?:{_VERBS})|\bnot (?:\w+ )?yet|\bnoch (?:nicht|offen)(?: \w+)?"
    rf"|\bzu (?:{_GERMAN_VERBS})|[-:(] ?t\.?b\.?[dca]\.?\)?)$"
)
_SHORT_WORDS = 8
# Says nothing at all if it is the whole text.
_NOTHING = re.compile(
    r"n\.? ?/? ?a\.?|n/[av]|not (?:applicable|available)|none|nil|null|nothing|no|nope|yes|ok"
    r"|undefined"
    r"|unknown|unclear|somebody|someone|anybody|anyone|nobody|no one|everybody|whoever|something"
    r"|whatever|various|etc\.?|see (?:above|below)"
    r"|kein[ers]?|keine angaben?|k\. ?a\.?|nichts|entfällt|unbekannt|unklar|jemand|niemand"
    r"|irgend(?:wer|jemand|was|wie)|diverse|s\. ?[ou]\.?|siehe (?:oben|unten)|entf\."
    r"|(?:lorem ipsum|lorem)(?: .*)?|foo|bar|baz|foobar|asdf\w*|qwert\w*|(?:bla+h?[ ,]*)+"
    r"|test(?:ing)?|dummy|example|beispiel|sample|place ?holder|platzhalter"
    r"|(?:your |some )?text(?: here)?"
    r"|(?:please )?fill (?:me |this )?(?:in|out)(?: here)?|insert .{1,20} here|bitte ausfüllen"
    r"|(?:a |the )?(?:name|role|owner|date|person|team|rolle|name der rolle|datum)"
    r"|change ?me|y{4}-m{2}-d{2}|d{2}\.m{2}\.y{4}|([^\W\d_])\1+",
    re.DOTALL,
)
_TEMPLATE = re.compile(r"<[^<>@/]+>|\[[^\[\]]*\]|\{\{.*\}\}|\$\{.*\}|\{[^{}]*\}|%\w+%", re.DOTALL)
# Wherever it stands; a page that writes about the word itself writes it as code.
_MARK = re.compile(
    r"\b(?:TODO|TBD|TBC|TBA|FIXME)\b|\b[Tt]\.[Bb]\.[DdCcAa]\.|\?\?+|(?i:\blorem ipsum\b)"
    r"|(?:^|(?<=[(\[|:]))\s*(?:[Tt]odo|[Tt]b[dca]|[Ff]ixme)\s*(?=$|[)\]|:.,])",
    re.MULTILINE,
)


def placeholder_reason(text: str) -> str | None:
    """Say why a text is only filled in; None if it says something.

    Markdown in it does not count, and neither does code where only a mark such as TODO is meant.
    """
    plain = _COMMENT.sub(" ", text)
    if not any(sign.isalnum() for sign in plain):
        shown = " ".join(plain.split())
        return f'it has only "{shown}"' if shown else "it is empty"
    stripped = " ".join(plain.split())
    if _TEMPLATE.fullmatch(stripped) and "://" not in stripped:
        return f'it has only the template "{stripped}"'
    if mark := _MARK.search(_CODE.sub("`", plain)):
        return f'"{mark[0].strip()}" is left in it'
    parts = [part for each in _SENTENCE_END.split(plain) if (part := _normalised(each))]
    reasons = [_reason_of(part) for part in (_normalised(plain), *parts)]
    if reasons[0] or all(reasons[1:]):
        return next(filter(None, reasons), None)
    return None


def until_fault(text: str, today: date) -> str | None:
    """Say what is wrong with the last day of a decision that has to be made again; None if nothing.

    A day further ahead than a year is no decision: nobody who made it need ever look at it again.
    """
    try:
        until = date.fromisoformat(text.strip())
    except ValueError:
        return f"{text!r} is no date such as 2027-01-31"
    if until < today:
        return f"{until} is over"
    if until - today > _YEAR:
        return f"{until} is further ahead than a year"
    return None


def means_never(day: date, today: date) -> bool:
    """Whether an end is so far ahead that it is none, such as the year 9999."""
    return day - today > _DECADE


def _reason_of(part: str) -> str | None:
    if _NOTHING.fullmatch(part):
        return f'"{part}" says nothing'
    if _POSTPONED.match(part):
        return f'"{part}" leaves it open'
    if len(part.split()) <= _SHORT_WORDS and _POSTPONED_AT_THE_END.search(part):
        return f'"{part}" leaves it open'
    return None


def _normalised(text: str) -> str:
    """Return a text in small letters, without Markdown, and without marks around it."""
    plain = " ".join(_MARKUP.sub(" ", text).split()).casefold()
    return plain.strip(" .,;:!?\"'()…–—-")
