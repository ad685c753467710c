"""Decides the verdict of each item by its outcomes. Pure: uses no files, clock or cluster."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from acceptance.errors import BrokenInput
from acceptance.judgement import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acceptance.readiness.outcome import (
        AttestationRequirement,
        Evidence,
        RestsOn,
        ScenarioOutcome,
        StatementResult,
    )
    from acceptance.readiness.tracker import Item, Tracker


VerdictWord: TypeAlias = Literal["met", "unmet", "unverified"]
_WORSE: dict[VerdictWord, tuple[VerdictWord, ...]] = {
    "met": ("unmet", "unverified"),
    "unverified": ("unmet",),
}
"""The verdicts that are worse, the worst first."""


@dataclass(frozen=True)
class Verdict:
    """The verdict on one item, with its reason."""

    item: Item
    verdict: VerdictWord
    reason: str
    scenarios: tuple[ScenarioOutcome, ...]
    attestations: tuple[StatementResult, ...] = ()
    """All attestations of the item, including invalid ones."""
    waiver: StatementResult | None = None
    """The valid waiver; the item is shown as waived, but is not met."""
    role: str = ""
    """The role whose attestation is missing; empty if none is missing."""

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Return the evidence of all scenarios and attestations."""
        spoken = (each for found in self.attestations for each in found.evidence)
        seen = (each for scenario in self.scenarios for each in scenario.evidence)
        return (*seen, *spoken)


def decide(
    tracker: Tracker,
    outcomes: Sequence[ScenarioOutcome],
    statements: Sequence[StatementResult] = (),
    requirements: Sequence[AttestationRequirement] = (),
) -> tuple[Verdict, ...]:
    """Return a verdict for every item of the tracker, in its order.

    An item is met if all of its scenarios passed and left evidence, and if the attestation that
    `requirements` ask for is valid. In the mode `also` it is needed in addition to the scenarios.
    In the mode `instead` it replaces scenarios that do not exist or were skipped. An attestation
    never replaces a scenario that failed, lost its environment, never reported, or left no
    evidence.

    An item whose scenarios rest on others is no better than these are by themselves.

    Raises `BrokenInput` if a scenario or a requirement names an item that is not in the tracker,
    and for two requirements for one item.
    """
    known = {item.id for item in tracker.items}
    for outcome in outcomes:
        strangers = [item for item in outcome.item_ids if item not in known]
        if strangers or not outcome.item_ids:
            named = ", ".join(strangers) or "no item"
            raise BrokenInput(
                f'The tags of the scenario "{outcome.name}" name {named}: not in the tracker. '
                "Try: correct its tags."
            )
    asked = {requirement.item: requirement for requirement in requirements}
    if len(asked) != len(requirements) or not asked.keys() <= known:
        raise BrokenInput(
            "An attestation is required twice, or for an item that is not in the tracker. "
            "Try: correct trust.toml."
        )
    alone = {
        item.id: _decide(
            item,
            tuple(each for each in outcomes if item.id in each.item_ids),
            tuple(each for each in statements if each.item == item.id),
            asked.get(item.id),
        )
        for item in tracker.items
    }
    return tuple(
        _with_waiver(_with_proofs(verdict, alone), statements) for verdict in alone.values()
    )


def unused_waivers(
    verdicts: Sequence[Verdict], statements: Sequence[StatementResult]
) -> tuple[str, ...]:
    """Return a sentence for each valid waiver that is not needed, because its item is met."""
    met = {verdict.item.id for verdict in verdicts if verdict.verdict == "met"}
    return tuple(
        f"The waiver of {each.item} by {each.person} is not used: the item is met. Try: delete it."
        for each in statements
        if each.kind == "waiver" and each.valid and each.item in met
    )


def _decide(
    item: Item,
    scenarios: tuple[ScenarioOutcome, ...],
    statements: tuple[StatementResult, ...],
    requirement: AttestationRequirement | None,
) -> Verdict:
    attestations = tuple(each for each in statements if each.kind == "attestation")
    seen = _by_scenarios(item, scenarios)
    if requirement is not None:
        seen = _with_attestations(seen, attestations, requirement)
    return replace(seen, attestations=attestations)


def _with_waiver(seen: Verdict, statements: Sequence[StatementResult]) -> Verdict:
    """Add the valid waiver of an item that is not met."""
    waivers = (
        each
        for each in statements
        if each.kind == "waiver" and each.valid and each.item == seen.item.id
    )
    waiver = next(waivers, None) if seen.verdict != "met" else None
    return replace(seen, waiver=waiver)


def _with_proofs(seen: Verdict, alone: Mapping[str, Verdict]) -> Verdict:
    """Give an item the verdict of what its scenarios rest on, if that is worse than its own."""
    if seen.verdict == "unmet":
        return seen
    judged = [(proof, *_proved(proof, alone)) for each in seen.scenarios for proof in each.rests_on]
    for word in _WORSE[seen.verdict]:
        told = [f"{proof}, which is {word}: {why}" for proof, found, why in judged if found == word]
        if told:
            return replace(seen, verdict=word, reason=listed(told), role="")
    return seen


def _proved(proof: RestsOn, alone: Mapping[str, Verdict]) -> tuple[VerdictWord, str]:
    """Return what the run says of a proof, and why."""
    verdict = alone.get(proof.item)
    if verdict is None:
        return "unverified", "the tracker has no such item"
    if not proof.scenario:
        return verdict.verdict, verdict.reason
    named = tuple(each for each in verdict.scenarios if each.name == proof.scenario)
    if not named:
        return "unverified", "it did not run"
    found = _by_scenarios(verdict.item, named)
    return found.verdict, named[0].reason or found.reason


def _by_scenarios(item: Item, scenarios: tuple[ScenarioOutcome, ...]) -> Verdict:
    """Decide by the scenarios alone."""
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


def _with_attestations(
    seen: Verdict, attestations: tuple[StatementResult, ...], requirement: AttestationRequirement
) -> Verdict:
    """Apply a required attestation, or its absence, to a verdict."""
    if seen.verdict == "unmet":
        return seen
    instead = requirement.mode == "instead"
    if instead and (seen.verdict == "met" or not all(map(_cannot_tell, seen.scenarios))):
        return seen  # no attestation is needed, or none can replace the scenarios
    counting = [
        each
        for each in attestations
        if each.valid and each.role == requirement.role and each.evidence
    ]
    if not counting:
        before = "" if seen.verdict == "met" else f"{seen.reason}; "
        reason = f"{before}{_missing(attestations, requirement.role)}"
        return replace(seen, verdict="unverified", reason=reason, role=requirement.role)
    said = f"attested by {counting[0].person} ({requirement.role}) until {counting[0].expires}"
    if not instead:
        return replace(seen, reason=f"{seen.reason}; {said}")
    untold = f"; {seen.reason}" if seen.scenarios else ""
    return replace(seen, verdict="met", reason=f"{said}{untold}")


def _cannot_tell(scenario: ScenarioOutcome) -> bool:
    """Return whether a scenario allows an attestation: it was skipped, or passed with evidence."""
    return scenario.status == "skipped" or (scenario.status == "passed" and bool(scenario.evidence))


def _missing(attestations: tuple[StatementResult, ...], role: str) -> str:
    if not attestations:
        return f"no attestation by the role {role}"
    last = max(attestations, key=lambda each: each.date)
    reason = "it left no evidence" if last.valid else last.reason
    return f"the attestation of {last.date} by {last.person} does not count: {reason}"
