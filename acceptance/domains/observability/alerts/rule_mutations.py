"""Breaks an alert rule in the ways in which teams break theirs.

A way takes the text of the rule's expression, its time to wait and its severity, and changes one
thing. A rule that has nothing of the kind is not broken in that way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_TIMES = 10
_LONG = "10m"
"""How long a rule waits that did not wait before: longer than its cause lasts in a case."""
_OTHER = {"critical": "warning"}
_MASKED = (
    re.compile(r'"[^"]*"'),
    re.compile(r"\{[^{}]*\}"),
    re.compile(r"\[[^\[\]]*\]"),
    re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)"),
)
"""What contains names and numbers that are neither metrics nor thresholds."""
_METRIC = re.compile(r"(?<![\w:.])[a-zA-Z_:][\w:]*(?![\w:]|\s*\()")
# Of a product, the first factor is enough.
_NUMBER = re.compile(r"(?<![\w:.])(?<!\* )\d+(?:\.\d+)?(?![\w:.])")
_SELECTED = re.compile(r'(?<!\w)(\w+)="([^"]+)"')
_DURATION = re.compile(r"(\d+)([smhd])")
_OPERATORS = {"and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring"}
_TRUTHS = {"0", "1"}
"""Numbers that say whether something is there: ten times nothing is nothing."""


@dataclass(frozen=True)
class AlertRule:
    """The parts of a rule that decide when an alert fires, and whom it calls."""

    expression: str
    waits: str
    """For how long it has to be so, such as 5m; empty for not at all."""
    severity: str


@dataclass(frozen=True)
class BrokenRule:
    """A rule with one change."""

    rule: AlertRule
    change: str
    """What is different, in words."""


def metrics_of(expression: str) -> tuple[str, ...]:
    """Return the metrics that an expression reads, each once."""
    found = (each[0] for each in _METRIC.finditer(_masked(expression)))
    return tuple(dict.fromkeys(name for name in found if name not in _OPERATORS))


def _renamed(rule: AlertRule) -> Iterator[BrokenRule]:
    for name in metrics_of(rule.expression):
        yield _edited(rule, _METRIC, name, f"{name}_renamed", f"{name} was renamed")


def _relabelled(rule: AlertRule) -> Iterator[BrokenRule]:
    if (found := _SELECTED.search(rule.expression)) is not None:
        label, value = found.groups()
        text = rule.expression.replace(found[0], f'{label}="{value}-2"')
        change = f"{label} {value} was renamed"
        yield BrokenRule(replace(rule, expression=text), change)


def _without_alternative(rule: AlertRule) -> Iterator[BrokenRule]:
    parts = alternatives_of(rule.expression)
    for number, part in enumerate(parts):
        others = [each for other, each in enumerate(parts) if other != number]
        read = {metric for each in others for metric in metrics_of(each)}
        # One with a metric of its own is lost already when that is renamed.
        if others and read.issuperset(metrics_of(part)):
            words = " ".join(part.split())
            change = f"the alternative {words} was lost"
            yield BrokenRule(replace(rule, expression=" or ".join(others)), change)


def alternatives_of(expression: str) -> tuple[str, ...]:
    """Return the parts of an expression of which one is enough: those of its outermost `or`."""
    masked, depth, begin, found = _masked(expression), 0, 0, []
    for each in re.finditer(r"[()]|\bor\b", masked):
        depth += {"(": 1, ")": -1}.get(each[0], 0)
        if each[0] == "or" and depth == 0:
            found.append(expression[begin : each.start()])
            begin = each.end()
    return (*found, expression[begin:])


def _late(rule: AlertRule) -> Iterator[BrokenRule]:
    found = _DURATION.fullmatch(rule.waits)
    longer = f"{int(found[1]) * _TIMES}{found[2]}" if found else _LONG
    yield BrokenRule(replace(rule, waits=longer), f"it waits {longer}")


def _hasty(rule: AlertRule) -> Iterator[BrokenRule]:
    if rule.waits:
        yield BrokenRule(replace(rule, waits=""), f"it does not wait {rule.waits}")


def _played_down(rule: AlertRule) -> Iterator[BrokenRule]:
    other = _OTHER.get(rule.severity, rule.severity)
    yield BrokenRule(replace(rule, severity=other), f"its severity is {other}")


def _scaled(factor: float) -> Callable[[AlertRule], Iterator[BrokenRule]]:
    def scale(rule: AlertRule) -> Iterator[BrokenRule]:
        numbers = dict.fromkeys(each[0] for each in _NUMBER.finditer(_masked(rule.expression)))
        for number in (each for each in numbers if each not in _TRUTHS):
            other = f"{float(number) * factor:.12g}"
            yield _edited(rule, _NUMBER, number, other, f"{number} is {other}")

    return scale


WAYS: Mapping[str, Callable[[AlertRule], Iterator[BrokenRule]]] = {
    "a metric that it reads was renamed": _renamed,
    "a label value that it selects was renamed": _relabelled,
    "one of its alternatives was lost": _without_alternative,
    "it waits ten times as long": _late,
    "it does not wait": _hasty,
    "it is a warning": _played_down,
    "one of its numbers is ten times as high": _scaled(_TIMES),
    "one of its numbers is a tenth": _scaled(1 / _TIMES),
}
"""What a team does to a rule, by the words of the feature."""


def _edited(
    rule: AlertRule, pattern: re.Pattern[str], old: str, new: str, change: str
) -> BrokenRule:
    """Replace a name or number wherever the expression has it as such."""
    text = rule.expression
    for found in reversed([e for e in pattern.finditer(_masked(text)) if e[0] == old]):
        text = text[: found.start()] + new + text[found.end() :]
    return BrokenRule(replace(rule, expression=text), change)


def _masked(expression: str) -> str:
    """Return an expression of the same length with blanks for what is in quotes or brackets."""
    for pattern in _MASKED:
        expression = pattern.sub(lambda found: " " * len(found[0]), expression)
    return expression
