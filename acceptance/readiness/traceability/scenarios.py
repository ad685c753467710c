"""Checks that each scenario can prove something: one When, a Then, and a unique name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.readiness.traceability.problem import TraceabilityProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from acceptance.readiness.traceability.features import Feature, Scenario, Tag

RESERVED = frozenset({"skip", "skipif", "xfail", "parametrize", "usefixtures", "filterwarnings"})
"""Tags become marks, and these marks change how pytest runs a scenario."""


def check_scenarios(features: Sequence[Feature]) -> Iterator[TraceabilityProblem]:
    """Yield the problems of scenarios, of any item."""
    first: dict[str, str] = {}
    for feature in features:
        path = feature.path
        for tags in (feature.tags, *(rule.tags for rule in feature.rules)):
            yield from _reserved(path, tags)
        for scenario in feature.loose:
            message = f'The scenario "{scenario.name}" belongs to no item.'
            remedy = "Try: move it below the Rule of an item."
            yield TraceabilityProblem(path, scenario.line, "outside-rule", f"{message} {remedy}")
        for scenario in feature.scenarios:
            yield from _reserved(path, scenario.tags)
            yield from _shape(path, scenario)
            yield from _examples(path, scenario)
            if scenario.name in first:
                message = f'The scenario "{scenario.name}" is also in {first[scenario.name]}.'
                remedy = "Try: another name. Of two in one file, pytest-bdd drops one silently."
                yield TraceabilityProblem(
                    path, scenario.line, "duplicate-name", f"{message} {remedy}"
                )
            first.setdefault(scenario.name, f"{path}:{scenario.line}")


def _reserved(path: Path, tags: Sequence[Tag]) -> Iterator[TraceabilityProblem]:
    for tag in tags:
        if tag.name in RESERVED:
            message = f"@{tag.name} is a mark of pytest that changes the run. Try: delete it."
            yield TraceabilityProblem(path, tag.line, "reserved-tag", message)


def _shape(path: Path, scenario: Scenario) -> Iterator[TraceabilityProblem]:
    kinds = [step.kind for step in scenario.steps]
    if "then" not in kinds:
        message = f'The scenario "{scenario.name}" has no Then, so it checks nothing.'
        yield TraceabilityProblem(
            path, scenario.line, "no-then", f"{message} Try: add a Then that checks the result."
        )
    if kinds.count("when") != 1:
        message = f'The scenario "{scenario.name}" has {kinds.count("when")} When.'
        yield TraceabilityProblem(
            path, scenario.line, "when", f"{message} Try: one behaviour in each scenario."
        )


def _examples(path: Path, scenario: Scenario) -> Iterator[TraceabilityProblem]:
    remedy = "Try: a table with a row for each case."
    for line in scenario.bare:
        message = f'These examples of "{scenario.name}" are empty, so nothing runs.'
        yield TraceabilityProblem(path, line, "examples", f"{message} {remedy}")
    if scenario.outline and not scenario.rows and not scenario.bare:
        message = f'The outline "{scenario.name}" has no examples, so nothing runs.'
        yield TraceabilityProblem(path, scenario.line, "examples", f"{message} {remedy}")
    for name in scenario.missing:
        message = f'The examples of "{scenario.name}" have no column "{name}".'
        yield TraceabilityProblem(path, scenario.line, "examples", f"{message} Try: add it.")
