from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from acceptance.cli.__main__ import main
from acceptance.domains.documentation import ThreatModelFacts, ThreatModelReviewer
from acceptance.domains.documentation.threat_model import STRIDE, read_threats
from acceptance.judgement import Unverifiable
from acceptance.project import ROOT
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
""" + "".join(f"| T{at} | B1 | {kind} | t | m | X-1: s; R1 |\n" for at, kind in enumerate(STRIDE))
RISKS = "\n| id | risk | owner | until |\n| --- | --- | --- | --- |\n| R1 | r | us | 2999-01-01 |\n"


def a_reviewer(root: Path = ROOT) -> ThreatModelReviewer:
    """One who reviews the repository `root`."""
    return ThreatModelReviewer(context_of(replace(SYSTEM, repository=str(root))))


def facts_of(text: str) -> ThreatModelFacts:
    """A threat model whose tracker has the items X-1 and X-2, the first with a scenario."""
    return ThreatModelFacts(
        read_threats(text), frozenset({"X-1", "X-2"}), frozenset({("X-1", "s")})
    )


def test_the_committed_threat_model_is_complete() -> None:
    """Every boundary has every kind of threat, and every proof names something that exists."""
    reviewer = a_reviewer()
    facts = reviewer.look_up_proofs()
    reviewer.assert_every_kind_considered(facts)
    reviewer.assert_accepted_risks_current(facts)
    with suppress(Unverifiable):  # for an item without a scenario
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
        (proved, "| m |", "| |", "T0 has no mitigation"),
        (proved, "X-1: s;", "X-1: z;", "which is no scenario of X-1"),
        (proved, "X-1: s;", "X-3;", "which the tracker does not have"),
        (accepted, "| us |", "| |", "R1 has no owner"),
        (accepted, "2999-01-01", "2020-01-01", "R1 was accepted only until"),
        (accepted, "2999-01-01", "soon", "is no date"),
    ):
        assert old in whole
        with pytest.raises(AssertionError, match=reason):
            check(facts_of(whole.replace(old, new)))
    with pytest.raises(Unverifiable, match="No scenario proves X-2 yet"):
        proved(facts_of(whole.replace("X-1: s;", "X-2;")))


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
