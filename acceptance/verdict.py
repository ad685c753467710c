"""Decides what each item's outcomes mean. Pure: no files, no clock, no cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from acceptance.errors import BrokenInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.outcome import Evidence, ScenarioOutcome
    from acceptance.tracker import Item, Tracker

Word: TypeAlias = Literal["met", "unmet", "unverified"]


@dataclass(frozen=True)
class Verdict:
    """What is known of one item, and why."""

    item: Item
    verdict: Word
    reason: str
    scenarios: tuple[ScenarioOutcome, ...]

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Return the evidence of all scenarios."""
        return tuple(each for scenario in self.scenarios for each in scenario.evidence)


def decide(tracker: Tracker, outcomes: Sequence[ScenarioOutcome]) -> tuple[Verdict, ...]:
    """Return a verdict for every item of the tracker, in its order.

    Raises `BrokenInput` when a scenario is about an item that the tracker does not have.
    """
    known = {item.id for item in tracker.items}
    for outcome in outcomes:
        strangers = [item for item in outcome.item_ids if item not in known]
        if strangers or not outcome.item_ids:
            about = ", ".join(strangers) or "no item"
            raise BrokenInput(
                f'The scenario "{outcome.name}" is about {about}, which the tracker does not have. '
                "Try: correct its tags."
            )
    return tuple(
        _decide(item, tuple(each for each in outcomes if item.id in each.item_ids))
        for item in tracker.items
    )


def _decide(item: Item, scenarios: tuple[ScenarioOutcome, ...]) -> Verdict:
    if not scenarios:
        return Verdict(item, "unverified", "no scenario", scenarios)
    for scenario in scenarios:
        if scenario.status == "failed":
            return Verdict(item, "unmet", f"{scenario.name}: {scenario.reason}", scenarios)
    for scenario in scenarios:
        if scenario.status != "passed":
            reason = f"{scenario.name}: {scenario.reason or scenario.status}"
            return Verdict(item, "unverified", reason, scenarios)
        if not scenario.evidence:
            reason = f"{scenario.name}: it passed and left no evidence"
            return Verdict(item, "unverified", reason, scenarios)
    count = len(scenarios)
    reason = f"{count} scenario{'s' if count > 1 else ''} passed, with evidence"
    return Verdict(item, "met", reason, scenarios)
