"""Checks that each Rule has the tag and the wording of one item of the tracker.

A scenario belongs to the item of its Rule, and may name another item of the same task beside it.
"""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import TYPE_CHECKING

from acceptance.readiness.traceability.problem import TraceabilityProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from acceptance.readiness.traceability.features import Feature, Rule, Scenario, Tag
    from acceptance.readiness.traceability.problem import ProblemKind
    from acceptance.readiness.tracker import Item, Tracker

_ITEM = re.compile(r"[A-Z][A-Z0-9_]*-\d+-(?:AC|DOD)-?\d+|DOR-?\d+", re.IGNORECASE)


class ItemChecks:
    """Compares features with a tracker."""

    def __init__(self, tracker: Tracker, features: Sequence[Feature]) -> None:
        """Check all features together, because one Rule only may cover an item."""
        self._items = {item.id: item for item in tracker.items}
        self._tasks = {task.id for task in tracker.tasks}
        self._prefixes = {f"{name.rpartition('-')[0]}-".upper() for name in self._tasks}
        self._features = features
        self._owners = {
            tag.name
            for feature in features
            for rule in feature.rules
            if rule.scenarios
            for tag in rule.tags
        }

    def problems(self) -> Iterator[TraceabilityProblem]:
        """Yield the problems, in the order of the files."""
        first: dict[str, str] = {}
        for feature in self._features:
            yield from self._strangers(feature.path, feature.tags)
            yield from _misplaced(feature.path, "feature", self._named(feature.tags))
            for rule in feature.rules:
                yield from self._strangers(feature.path, rule.tags)
                yield from self._rule(feature, rule)
                for item in self._named(rule.tags):
                    place = f"{feature.path}:{rule.line}"
                    if item.name in first:
                        message = f"{item.name} already has a Rule, in {first[item.name]}."
                        remedy = "Try: one Rule with all scenarios."
                        yield _problem(feature, rule.line, "covered-twice", f"{message} {remedy}")
                    first.setdefault(item.name, place)
                for scenario in rule.scenarios:
                    yield from self._second(feature, rule, scenario)
            for scenario in feature.loose:
                yield from _misplaced(feature.path, "scenario", self._named(scenario.tags))
            for scenario in feature.scenarios:
                yield from self._strangers(feature.path, scenario.tags)

    def _named(self, tags: Sequence[Tag]) -> list[Tag]:
        return [tag for tag in tags if tag.name in self._items]

    def _strangers(self, path: Path, tags: Sequence[Tag]) -> Iterator[TraceabilityProblem]:
        for tag in tags:
            known = tag.name in self._tasks or tag.name in self._items
            if not known and (
                _ITEM.fullmatch(tag.name) or tag.name.upper().startswith(tuple(self._prefixes))
            ):
                message = f"@{tag.name} does not name anything in the tracker."
                remedy = "Try: the id of an item, like TASK-001-AC-1: task, list, position."
                yield TraceabilityProblem(path, tag.line, "unknown-id", f"{message} {remedy}")

    def _rule(self, feature: Feature, rule: Rule) -> Iterator[TraceabilityProblem]:
        named = self._named(rule.tags)
        if len(named) != 1:
            names = " and ".join(f"@{tag.name}" for tag in named) or "no item"
            message = f'The Rule "{rule.name}" names {names}. Try: the tag of one item above it.'
            yield _problem(feature, rule.line, "item-tag", message)
        for tag in named:
            item = self._items[tag.name]
            tasks = {each.name for each in feature.tags} & self._tasks
            if tasks and item.task not in tasks:
                message = f"{item.id} is in a feature with the tag @{', @'.join(sorted(tasks))}."
                yield _problem(
                    feature, rule.line, "item-tag", f"{message} Try: its own task's feature."
                )
            if rule.name != item.text:
                yield _problem(feature, rule.line, "wording", _side_by_side(item, rule))
        if not rule.scenarios:
            message = f'The Rule "{rule.name}" has no scenario. Try: write one, or drop the Rule.'
            yield _problem(feature, rule.line, "empty-rule", message)

    def _second(
        self, feature: Feature, rule: Rule, scenario: Scenario
    ) -> Iterator[TraceabilityProblem]:
        """Yield what is wrong with the other items that a scenario names beside its Rule's."""
        own = {tag.name for tag in self._named(rule.tags)}
        tasks = {self._items[name].task for name in own}
        for tag in self._named(scenario.tags):
            kind: ProblemKind = "item-tag"
            if tag.line > scenario.line:
                message = "is the tag of examples. Try: move it to their scenario."
            elif tag.name in own:
                message = "is the tag of the scenario's Rule already. Try: delete it here."
            elif self._items[tag.name].task not in tasks:
                message = "is of another task than the scenario's Rule. Try: a scenario there."
            elif tag.name not in self._owners:
                kind = "no-rule"
                message = "has no Rule with a scenario of its own. Try: write both."
            else:
                continue
            yield _problem(feature, tag.line, kind, f"@{tag.name} {message}")


def _problem(feature: Feature, line: int, kind: ProblemKind, message: str) -> TraceabilityProblem:
    return TraceabilityProblem(feature.path, line, kind, message)


def _misplaced(path: Path, what: str, tags: Sequence[Tag]) -> Iterator[TraceabilityProblem]:
    for tag in tags:
        message = f"@{tag.name} is the tag of a {what}. Try: move it to the Rule of the item."
        yield TraceabilityProblem(path, tag.line, "item-tag", message)


def _side_by_side(item: Item, rule: Rule) -> str:
    """Return both wordings, one above the other, with a mark below the first difference."""
    pairs = zip_longest(item.text, rule.name)
    same = next((number for number, (one, other) in enumerate(pairs) if one != other), 0)
    place = f"tracker, line {item.line + 1}"
    here = f"Rule, line {rule.line}".ljust(len(place))
    place = place.ljust(len(here))
    return (
        f"{item.id} is worded differently in the tracker. Try: the tracker's wording.\n"
        f"    {place}: {item.text}\n"
        f"    {here}: {rule.name}\n"
        f"    {'^'.rjust(len(place) + 2 + same + 1)}"
    )
