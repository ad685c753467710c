"""Whether each step has exactly one definition, and each definition a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.readiness.traceability.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from acceptance.readiness.traceability.definitions import Definition
    from acceptance.readiness.traceability.features import Feature, Step


class Wiring:
    """Which definitions fit which steps."""

    def __init__(self, definitions: Sequence[Definition]) -> None:
        """Look through `definitions`, once for each text."""
        self._definitions = definitions
        self._found: dict[tuple[str, str], tuple[Definition, ...]] = {}

    def of(self, step: Step) -> tuple[Definition, ...]:
        """Return the definitions that fit a step."""
        key = (step.kind, step.text)
        if key not in self._found:
            self._found[key] = tuple(each for each in self._definitions if each.fits(step))
        return self._found[key]


def check_steps(
    features: Iterable[Feature], definitions: Sequence[Definition]
) -> Iterator[Finding]:
    """Yield steps without a definition or with several, and definitions that nothing uses."""
    wiring = Wiring(definitions)
    told: set[tuple[object, int, str]] = set()
    used: set[int] = set()
    for feature in features:
        for step in (s for each in feature.scenarios for run in each.runs for s in run.steps):
            fitting = wiring.of(step)
            used |= {id(each) for each in fitting}
            place = (feature.path, step.line, step.text)
            if len(fitting) == 1 or place in told:
                continue
            told.add(place)  # a step of a background is met once for each scenario
            if fitting:
                places = " and ".join(f"{each.path}:{each.line}" for each in fitting)
                message = f'"{step.keyword} {step.text}" fits {len(fitting)} definitions: {places}.'
                remedy = "Try: make one of them narrower."
                yield Finding(feature.path, step.line, "ambiguous-step", f"{message} {remedy}")
            else:
                message = f'"{step.keyword} {step.text}" has no definition.'
                remedy = f'Try: @{step.kind or "given"}("{step.text}") in a module of steps.'
                yield Finding(feature.path, step.line, "undefined-step", f"{message} {remedy}")
    for each in definitions:
        if id(each) not in used:
            message = f'No scenario uses the step "{each.text}". Try: delete it.'
            yield Finding(each.path, each.line, "unused-step", message)
