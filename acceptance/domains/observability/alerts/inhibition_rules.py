"""Computes which alerts may keep which others quiet, by Alertmanager's loaded configuration.

Source: Alertmanager's documentation, `inhibit_rules`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acceptance.domains.observability.drivers.alertmanager import matcher_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from acceptance.domains.observability.drivers.prometheus_rules import Rule
    from acceptance.domains.observability.drivers.promql import Matcher

ENDPOINT = "endpoint"
"""The label whose values are known: those of the probes."""
_SELECTED = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Inhibition:
    """One of Alertmanager's rules: who keeps whom quiet, if these labels are equal."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]

    def may_inhibit(self, source: Mapping[str, str], target: Mapping[str, str]) -> bool:
        """Whether an alert may keep another one quiet, by the labels that are known of both.

        A label that is not known may have any value. What fits both sides inhibits nothing that
        does so too, as itself.
        """
        if not (_fit(self.source, source) and _fit(self.target, target)):
            return False
        if _are_sure(self.target, source) and _are_sure(self.source, target):
            return False
        return all(
            source[name] == target[name] for name in self.equal if name in source and name in target
        )


def read_inhibitions(config: Mapping[str, Any]) -> tuple[Inhibition, ...]:
    """Return the rules of a configuration; raises `Refused` for a matcher that cannot be read."""
    return tuple(
        Inhibition(
            tuple(matcher_of(each) for each in rule.get("source_matchers") or ()),
            tuple(matcher_of(each) for each in rule.get("target_matchers") or ()),
            tuple(rule.get("equal") or ()),
        )
        for rule in config.get("inhibit_rules") or ()
    )


def known_alerts(rules: Iterable[Rule], endpoints: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield what is known of the labels of every alert, once for each endpoint it may be about.

    These are the labels that the rule adds, and those that its expression selects one value of.
    """
    for rule in rules:
        selected: dict[str, set[str]] = {}
        for name, value in _SELECTED.findall(rule.query):
            selected.setdefault(name, set()).add(value)
        single = {name: min(values) for name, values in selected.items() if len(values) == 1}
        own = {"alertname": rule.name, **single, **dict(rule.labels)}
        about = endpoints if "probe_" in rule.query and ENDPOINT not in own else ()
        yield from ({**own, ENDPOINT: each} for each in about)
        if not about:
            yield {ENDPOINT: "", **own}


def unexpected(
    inhibitions: Sequence[Inhibition],
    alerts: Sequence[Mapping[str, str]],
    rows: Sequence[tuple[Mapping[str, str], Mapping[str, str]]],
) -> list[str]:
    """Say in sentences which alerts may be kept quiet by others without a row that says so."""
    found = {
        f"{_in_words(source)} may keep {_in_words(target)} quiet, which no row says"
        for source in alerts
        for target in alerts
        if any(each.may_inhibit(source, target) for each in inhibitions)
        and not any(
            first.items() <= source.items() and second.items() <= target.items()
            for first, second in rows
        )
    }
    return sorted(found)


def _fit(matchers: Sequence[Matcher], labels: Mapping[str, str]) -> bool:
    return all(each.label not in labels or each.accepts(labels[each.label]) for each in matchers)


def _are_sure(matchers: Sequence[Matcher], labels: Mapping[str, str]) -> bool:
    return all(each.label in labels and each.accepts(labels[each.label]) for each in matchers)


def _in_words(labels: Mapping[str, str]) -> str:
    names = ("alertname", "route_group", ENDPOINT, "severity")
    return " ".join(labels[name] for name in names if labels.get(name))
