"""Checks that each step has one definition, and each definition is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.readiness.traceability.problem import TraceabilityProblem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from acceptance.readiness.traceability.features import Feature, GherkinStep
    from acceptance.readiness.traceability.step_definitions import StepDefinition


class StepMatcher:
    """Finds the definitions that fit a step."""

    def __init__(self, definitions: Sequence[StepDefinition]) -> None:
        """Search in `definitions`, once for each text."""
        self._definitions = definitions
        self._found: dict[tuple[str, str], tuple[StepDefinition, ...]] = {}

    def of(self, step: GherkinStep) -> tuple[StepDefinition, ...]:
        """Return the definitions that fit a step."""
        key = (step.kind, step.text)
        if key not in self._found:
            self._found[key] = tuple(each for each in self._definitions if each.fits(step))
        return self._found[key]


def check_steps(
    features: Iterable[Feature], definitions: Sequence[StepDefinition]
) -> Iterator[TraceabilityProblem]:
    """Yield steps without a definition or with several, and definitions that nothing uses."""
    matcher = StepMatcher(definitions)
    told: set[tuple[object, int, str]] = set()
    used: set[int] = set()
    for feature in features:
        for step in (s for each in feature.scenarios for run in each.runs for s in run.steps):
            fitting = matcher.of(step)
            used |= {id(each) for each in fitting}
            place = (feature.path, step.line, step.text)
            if len(fitting) == 1 or place in told:
                continue
            told.add(place)  # a background's step occurs in each scenario
            if fitting:
                places = " and ".join(f"{each.path}:{each.line}" for each in fitting)
                message = (
                    f'"{step.keyword} {step.text}" matches {len(fitting)} definitions: {places}.'
                )
                remedy = "Try: make one of them narrower."
                yield TraceabilityProblem(
                    feature.path, step.line, "ambiguous-step", f"{message} {remedy}"
                )
            else:
                message = f'"{step.keyword} {step.text}" has no definition.'
                remedy = f'Try: @{step.kind or "given"}("{step.text}") in a module of steps.'
                yield TraceabilityProblem(
                    feature.path, step.line, "undefined-step", f"{message} {remedy}"
                )
    for each in definitions:
        if id(each) not in used:
            message = f'No scenario uses the step "{each.text}". Try: delete it.'
            yield TraceabilityProblem(each.path, each.line, "unused-step", message)
