from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from acceptance.cli.__main__ import main
from acceptance.domains.documentation import ThreatModelFacts, ThreatModelReviewer
from acceptance.domains.documentation.threat_model import STRIDE, Threat, read_threats
from acceptance.domains.documentation.threat_rules import mitigation_faults
from acceptance.project import ROOT
from acceptance.readiness.outcome import RestsOn
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

FEATURE = """Feature: F
  Rule: R
    Scenario: Who may
      Then this
        | who | may    |
        | all | a* | b |
""".replace("a* | b", "a*\\|b")
MODEL = """
| boundary | between | x |
| --- | --- | --- |
| B1 | us and them | |

| id | boundary | kind | threat | mitigation | proof |
| --- | --- | --- | --- | --- | --- |
""" + "".join(
    f"| T{at} | B1 | {kind} | threat {at} | mitigation {at} | X-1: s; R1 |\n"
    for at, kind in enumerate(STRIDE)
)
SOON = (datetime.now(UTC).date() + timedelta(days=100)).isoformat()
RISKS = f"""
| id | risk | owner | until |
| --- | --- | --- | --- |
| R1 | a risk | our team | {SOON} |
"""


def a_reviewer(root: Path = ROOT) -> ThreatModelReviewer:
    """One who reviews the repository `root`."""
    return ThreatModelReviewer(context_of(replace(SYSTEM, repository=str(root))))


def facts_of(text: str) -> ThreatModelFacts:
    """A threat model whose tracker has the items X-1 and X-2, the first with a scenario."""
    return ThreatModelFacts(
        read_threats(text),
        frozenset({"X-1", "X-2"}),
        frozenset({("X-1", "s")}),
        frozenset({"Our team", "the captain"}),
    )


def test_the_committed_threat_model_is_complete() -> None:
    """Every boundary has every kind of threat, and every proof names something that exists."""
    reviewer = a_reviewer()
    facts = reviewer.look_up_proofs()
    reviewer.assert_every_kind_considered(facts)
    reviewer.assert_accepted_risks_current(facts)
    reviewer.assert_every_threat_proved(facts)


def test_a_scenario_is_a_proof_of_each_of_its_items() -> None:
    """Of the item of its Rule, and of the one that it names itself."""
    scenario = "Alerts about outages are followed from their cause to their end"
    both = {("TASK-003-AC-5", scenario), ("TASK-003-DOD-3", scenario)}
    assert both <= a_reviewer().look_up_proofs().scenarios


def test_faults_of_a_threat_model_are_told() -> None:
    """A gap, a proof that does not exist, and a risk that nobody owns."""
    reviewer, whole = a_reviewer(), MODEL + RISKS
    considered = reviewer.assert_every_kind_considered
    proved, accepted = (
        reviewer.assert_every_threat_proved,
        reviewer.assert_accepted_risks_current,
    )
    for check in (considered, proved, accepted):
        check(facts_of(whole))
    for check, old, new, reason in (
        (considered, "tampering", "tempering", "No threat of the kind tampering"),
        (considered, "| B1 | us", "| B2 | us", "No threat of the kind spoofing .* B2"),
        (proved, "X-1: s; R1", "", "T0 has no proof"),
        (proved, "mitigation 0", "", "T0 has no mitigation: it is empty"),
        (proved, "mitigation 0", "TBD", 'T0 has no mitigation: "TBD" is left in it'),
        (proved, "mitigation 0", "not there yet", "T0 has no mitigation"),
        (proved, "mitigation 0", "Threat 0.", "the mitigation of T0 repeats the threat"),
        (proved, "| threat 0 |", "| n/a |", "T0 is no threat"),
        (proved, "X-1: s; R1", "tbd", "T0 has no proof"),
        (proved, "| T1 ", "| T0 ", "several threats or risks called T0"),
        (proved, "X-1: s;", "X-1: z;", "which is no scenario of X-1"),
        (proved, "X-1: s;", "X-3;", "which the tracker does not have"),
        (accepted, "| our team |", "| |", "R1 has no owner"),
        (accepted, "| our team |", "| to be defined |", "R1 has no owner"),
        (accepted, "| our team |", "| Risk Board |", "owned by Risk Board, a role that nobody"),
        (accepted, "| a risk |", "| ? |", "R1 is no risk"),
        (accepted, SOON, "2020-01-01", "R1 is accepted until .*: 2020-01-01 is over"),
        (accepted, SOON, "9999-12-31", "9999-12-31 is further ahead than a year"),
        (accepted, SOON, "soon", "is no date"),
    ):
        assert old in whole
        with pytest.raises(AssertionError, match=reason):
            check(facts_of(whole.replace(old, new, 1)))
    accepted(facts_of(whole.replace("| our team |", "| our team and the captain |")))
    proved(facts_of(whole.replace("mitigation 0", "None: there are no accounts")))


def test_one_mitigation_for_everything_is_none() -> None:
    """What most threats have was written once and copied; a few may share one."""
    rows = [Threat(f"T{n}", "B1", "spoofing", f"threat {n}", "TLS", ("R1",)) for n in range(8)]
    assert len(mitigation_faults(rows)) == 8
    half = [replace(each, mitigation=each.id) if n < 4 else each for n, each in enumerate(rows)]
    assert mitigation_faults(half) == []
    assert mitigation_faults(rows[:3]) == []


def test_the_item_rests_on_what_the_threats_rest_on() -> None:
    """Each proof is handed to the run, but for accepted risks."""
    told: list[RestsOn] = []
    context = replace(context_of(replace(SYSTEM, repository=str(ROOT))), rest_on=told.extend)
    ThreatModelReviewer(context).rest_on_proofs(facts_of(MODEL + RISKS))
    assert told == [RestsOn(f"T{number}", "X-1", "s") for number in range(len(STRIDE))]


def test_a_table_is_written_between_its_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twice gives the same page; a page without the table differs from the scenario's."""
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "a.feature").write_text(FEATURE)
    page = tmp_path / "docs" / "security" / "roles.md"
    page.parent.mkdir(parents=True)
    page.write_text("# A\n\n<!-- table: Who may -->\n<!-- table: end -->\n")
    (tmp_path / "docs/b.md").write_text("<!-- table: Nobody -->\n<!-- table: end -->\n")
    reviewer = a_reviewer(tmp_path)
    with pytest.raises(AssertionError, match=r"network\.md shows no.*roles\.md differs from"):
        reviewer.assert_tables_current(reviewer.compare_tables())
    monkeypatch.chdir(tmp_path)
    assert main(["tables"]) == 0
    said = capsys.readouterr().out
    assert "docs/security/roles.md: written" in said
    assert "docs/b.md: no scenario 'Nobody' has a table" in said
    written = page.read_text()
    assert "| who | may |\n| --- | --- |\n| all | a\\*\\|b |\n" in written
    assert main(["tables"]) == 0
    assert page.read_text() == written
    assert "written" not in capsys.readouterr().out
