from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acceptance.errors import BrokenInput
from acceptance.readiness.outcome import (
    AttestationRequirement,
    Evidence,
    RestsOn,
    ScenarioOutcome,
    Status,
)
from acceptance.readiness.outcome import (
    StatementResult as Said,  # pytest takes what begins with Test for a test
)
from acceptance.readiness.tracker import parse
from acceptance.readiness.verdict import Verdict, decide, unused_waivers

TRACKER = parse(Path(__file__).parents[2] / "tracker.md")
ITEM, OTHER = "TASK-001-DOD-1", "TASK-001-DOD-2"
PROOF = (Evidence("evidence/a.json", "0" * 64, "json", "A"),)
INSTEAD, ALSO = (
    AttestationRequirement(ITEM, "reviewer", "instead"),
    AttestationRequirement(ITEM, "reviewer", "also"),
)


def outcome(
    status: Status = "passed", evidence: tuple[Evidence, ...] = PROOF, item: str = ITEM
) -> ScenarioOutcome:
    """One scenario."""
    reason = "" if status == "passed" else f"it is {status}"
    return ScenarioOutcome((item,), "A name", "f", status, reason, (), evidence, 1.0, 0.0)


def said(
    kind: str = "attestation", *, valid: bool = True, role: str = "reviewer", item: str = ITEM,
    evidence: tuple[Evidence, ...] = PROOF, date: str = "2026-07-01",
) -> Said:  # fmt: skip
    """One statement."""
    assert kind in {"attestation", "waiver"}
    return Said(
        item, "waiver" if kind == "waiver" else "attestation", valid, "it expired", "Ada", role,
        "I did.", date, "2026-09-30", "", evidence,
    )  # fmt: skip


def verdict(
    outcomes: list[ScenarioOutcome],
    statements: list[Said] | None = None,
    requirements: list[AttestationRequirement] | None = None,
) -> Verdict:
    """What becomes of the item."""
    found = decide(TRACKER, outcomes, statements or [], requirements or [])
    return next(each for each in found if each.item.id == ITEM)


_OUTCOMES = st.lists(
    st.builds(
        outcome,
        status=st.sampled_from(["passed", "failed", "skipped", "environment", "error", "missing"]),
        evidence=st.sampled_from([(), PROOF]),
        item=st.sampled_from([ITEM, ITEM, OTHER]),
    ),
    max_size=4,
)
_STATEMENTS = st.lists(
    st.builds(
        said,
        kind=st.sampled_from(["attestation", "waiver"]),
        valid=st.booleans(),
        role=st.sampled_from(["reviewer", "release manager"]),
        item=st.sampled_from([ITEM, ITEM, OTHER]),
        evidence=st.sampled_from([(), PROOF]),
    ),
    max_size=4,
)
_REQUIREMENTS = st.sampled_from(
    [[], [INSTEAD], [ALSO], [AttestationRequirement(OTHER, "reviewer", "instead")]]
)


@settings(deadline=None)  # a busy machine is no defect
@given(_OUTCOMES, _STATEMENTS, _REQUIREMENTS)
def test_nothing_is_met_without_proof_or_word(
    outcomes: list[ScenarioOutcome],
    statements: list[Said],
    requirements: list[AttestationRequirement],
) -> None:
    """Whatever comes together: met needs proof, or a word that was asked for and may stand in."""
    found = verdict(outcomes, statements, requirements)
    own = [each for each in outcomes if ITEM in each.item_ids]
    mode = next(
        (requirement.mode for requirement in requirements if requirement.item == ITEM), None
    )
    proved = bool(own) and all(each.status == "passed" and each.evidence for each in own)
    word = any(
        each.kind == "attestation"
        and each.valid
        and each.item == ITEM
        and each.role == "reviewer"
        and each.evidence
        for each in statements
    )
    room = all(
        each.status == "skipped" or (each.status == "passed" and each.evidence) for each in own
    )
    failed = any(each.status == "failed" for each in own)
    may = {
        None: proved,
        "also": proved and word,
        "instead": proved or (word and room),
    }
    expected = "unmet" if failed else "met" if may[mode] else "unverified"
    assert found.verdict == expected
    assert found.reason
    assert found.verdict != "met" or found.evidence
    assert bool(found.role) <= (found.verdict == "unverified" and mode is not None)


@settings(deadline=None)  # a busy machine is no defect
@given(_OUTCOMES, _STATEMENTS, _REQUIREMENTS)
def test_no_waiver_changes_a_verdict(
    outcomes: list[ScenarioOutcome],
    statements: list[Said],
    requirements: list[AttestationRequirement],
) -> None:
    """With all waivers or without any: the same verdict, the same reason."""
    without = [each for each in statements if each.kind == "attestation"]
    found, bare = (
        verdict(outcomes, statements, requirements),
        verdict(outcomes, without, requirements),
    )
    assert (found.verdict, found.reason, found.role) == (bare.verdict, bare.reason, bare.role)
    assert found.waiver is None or (found.waiver.valid and found.verdict != "met")


@settings(deadline=None)  # a busy machine is no defect
@given(_OUTCOMES, _STATEMENTS, _REQUIREMENTS)
def test_a_failure_is_unmet_whatever_is_signed(
    outcomes: list[ScenarioOutcome],
    statements: list[Said],
    requirements: list[AttestationRequirement],
) -> None:
    """Also with everything else in the item's favour."""
    favour = [*statements, said(), said("waiver")]
    assert verdict([*outcomes, outcome("failed")], favour, requirements).verdict == "unmet"


def test_a_word_stands_in_where_there_is_no_scenario() -> None:
    """Who said so, and until when, is the reason; the envelope is the evidence."""
    found = verdict([], [said()], [INSTEAD])
    assert found.verdict == "met"
    assert found.reason == "attested by Ada (reviewer) until 2026-09-30"
    assert found.evidence == PROOF


def test_a_word_stands_in_where_a_scenario_cannot_tell() -> None:
    """The reason says both."""
    found = verdict([outcome("skipped")], [said()], [INSTEAD])
    assert (found.verdict, found.reason.endswith("; A name: it is skipped")) == ("met", True)


@pytest.mark.parametrize("status", ["environment", "error", "missing", "unselected"])
def test_a_word_does_not_stand_in_for_what_was_not_heard(status: Status) -> None:
    """A scenario that could have told, and might have failed."""
    found = verdict([outcome(status)], [said()], [INSTEAD])
    assert (found.verdict, found.role) == ("unverified", "")


def test_a_word_beside_scenarios_is_needed_too() -> None:
    """Proof alone leaves it open, and says whom it waits for."""
    found = verdict([outcome()], [], [ALSO])
    assert (found.verdict, found.role) == ("unverified", "reviewer")
    assert found.reason == "no attestation by the role reviewer"
    assert verdict([outcome()], [said()], [ALSO]).verdict == "met"
    assert verdict([], [said()], [ALSO]).verdict == "unverified"


def test_the_newest_refusal_is_told() -> None:
    """Of several statements that do not count, the last one is what somebody has to look at."""
    old, new = said(valid=False), said(valid=False, date="2026-07-09")
    found = verdict([], [new, old], [INSTEAD])
    assert found.reason == (
        "no scenario; the attestation of 2026-07-09 by Ada does not count: it expired"
    )
    assert found.attestations == (new, old)


@pytest.mark.parametrize("requirement", [INSTEAD, ALSO])
def test_the_word_of_another_role_is_none(requirement: AttestationRequirement) -> None:
    """Also where it came here as valid: a verdict asks for the role once more."""
    outcomes = [outcome()] if requirement == ALSO else []
    found = verdict(outcomes, [said(role="release manager")], [requirement])
    assert (found.verdict, found.role) == ("unverified", "reviewer")
    assert verdict(outcomes, [said(valid=False)], [requirement]).verdict == "unverified"


def test_a_word_without_an_envelope_to_show_is_none() -> None:
    """Met rests on evidence, always."""
    found = verdict([], [said(evidence=())], [INSTEAD])
    assert (found.verdict, found.role) == ("unverified", "reviewer")
    assert "it left no evidence" in found.reason


def test_a_waiver_is_shown_and_an_unused_one_is_told() -> None:
    """Also beside an unmet item; beside a met one it is somebody's to delete."""
    waiver = said("waiver")
    assert verdict([outcome("failed")], [waiver]).waiver == waiver
    assert verdict([outcome("failed")], [said("waiver", valid=False)]).waiver is None
    met = decide(TRACKER, [outcome()], [waiver])
    (note,) = unused_waivers(met, [waiver])
    assert f"The waiver of {ITEM} by Ada is not used" in note
    assert unused_waivers(decide(TRACKER, [], [waiver]), [waiver]) == ()


@pytest.mark.parametrize(
    "requirements", [[INSTEAD, ALSO], [AttestationRequirement("TASK-009-DOD-1", "a", "also")]]
)
def test_a_demand_is_made_once_of_an_item_that_is_there(
    requirements: list[AttestationRequirement],
) -> None:
    """Two answers to one question, or none, are an error."""
    with pytest.raises(BrokenInput, match=r"trust\.toml"):
        decide(TRACKER, [], [], requirements)


RESTING = replace(outcome(), rests_on=(RestsOn("T1", OTHER), RestsOn("T2", OTHER, "A name")))


def test_an_item_is_no_better_than_what_it_rests_on() -> None:
    """Met only if the same run proves all of it; what is unmet outweighs what is not known."""
    assert verdict([RESTING, outcome(item=OTHER)]).verdict == "met"
    worse: tuple[tuple[Status, str], ...] = (
        ("failed", "unmet"),
        ("skipped", "unverified"),
        ("error", "unverified"),
    )
    for status, word in worse:
        found = verdict([RESTING, outcome(status, item=OTHER)])
        assert found.verdict == word
        assert f"T1 rests on {OTHER}, which is {word}" in found.reason
        assert f'T2 rests on {OTHER}: "A name", which is {word}: it is {status}' in found.reason
    unheard = verdict([RESTING])
    assert (unheard.verdict, "no scenario" in unheard.reason) == ("unverified", True)
    assert "it did not run" in unheard.reason
    skipped = replace(RESTING, status="skipped", reason="here not")
    assert verdict([skipped, outcome("failed", item=OTHER)]).verdict == "unmet"
    assert verdict([skipped, outcome(item=OTHER)]).reason == "A name: here not"


def test_a_proof_is_not_met_by_a_waiver() -> None:
    """Nor does the item lose its own waiver; and its failure stays its own."""
    waivers = [said("waiver", item=OTHER, role="release manager"), said("waiver")]
    found = verdict([RESTING, outcome("failed", item=OTHER)], waivers)
    assert (found.verdict, found.waiver is None) == ("unmet", False)
    own = verdict([replace(RESTING, status="failed", reason="torn"), outcome(item=OTHER)])
    assert (own.verdict, own.reason) == ("unmet", "A name: torn")


def test_what_a_scenario_rests_on_survives_the_way_to_another_process() -> None:
    """Workers send outcomes as JSON values."""
    assert ScenarioOutcome.from_dict(RESTING.to_dict()) == RESTING
    older = outcome().to_dict()
    del older["rests_on"]
    assert ScenarioOutcome.from_dict(older) == outcome()
