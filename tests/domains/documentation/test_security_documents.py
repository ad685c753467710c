"""The threat model, the pages that show tables of scenarios, and the page for incidents."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from acceptance.domains.documentation.feature_tables import (
    asked_for,
    main,
    pages,
    read_tables,
    renewed,
)
from acceptance.domains.documentation.threat_model import STRIDE, read_threats
from acceptance.domains.documentation.threat_review import Model, ThreatModelReviewer
from acceptance.domains.incident.response import PAGE, IncidentResponder, Kept
from acceptance.domains.observability.alerting import Alerting, AlertingOperator, Rule
from acceptance.judgement import Unverifiable
from acceptance.project import ROOT
from acceptance.runbooks.reader import read_procedure
from acceptance.settings import Timeouts

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


def a_reader(root: Path = ROOT) -> ThreatModelReviewer:
    """One who keeps nothing."""
    system: Any = SimpleNamespace(repository=str(root))
    return ThreatModelReviewer(system, ROOT / "tracker.md", keep=lambda *_: None)


def a_model(text: str) -> Model:
    """A model whose tracker has the items X-1 and X-2, the first with a scenario."""
    return Model(read_threats(text), frozenset({"X-1", "X-2"}), frozenset({("X-1", "s")}))


def test_the_committed_model_is_complete() -> None:
    """At every boundary each kind of threat was thought of, and each proof has the right name."""
    reader = a_reader()
    model = reader.follow_threats()
    reader.judge_complete(model)
    reader.judge_accepted(model)
    with suppress(Unverifiable):  # of items without a scenario nobody can tell
        reader.judge_proved(model)


def test_a_model_is_judged() -> None:
    """A gap, a proof that is gone, and a risk that nobody owns are each told."""
    reader, whole = a_reader(), MODEL + RISKS
    for judge in (reader.judge_complete, reader.judge_proved, reader.judge_accepted):
        judge(a_model(whole))
    for judge, old, new, reason in (
        (reader.judge_complete, "tampering", "tempering", "Nobody thought of tampering"),
        (reader.judge_complete, "| B1 | us", "| B2 | us", "Nobody thought of spoofing .* B2"),
        (reader.judge_proved, "X-1: s; R1", "", "T0 has no proof"),
        (reader.judge_proved, "| m |", "| |", "T0 has no mitigation"),
        (reader.judge_proved, "X-1: s;", "X-1: z;", "which is no scenario of X-1"),
        (reader.judge_proved, "X-1: s;", "X-3;", "which the tracker does not have"),
        (reader.judge_accepted, "| us |", "| |", "R1 is accepted by nobody"),
        (reader.judge_accepted, "2999-01-01", "2020-01-01", "R1 was accepted until"),
        (reader.judge_accepted, "2999-01-01", "soon", "is no day"),
    ):
        assert old in whole
        with pytest.raises(AssertionError, match=reason):
            judge(a_model(whole.replace(old, new)))
    with pytest.raises(Unverifiable, match="No scenario shows yet what X-2"):
        reader.judge_proved(a_model(whole.replace("X-1: s;", "X-2;")))


def test_pages_show_what_is_proved() -> None:
    """Every committed page is what its scenarios' tables make, as far as these are there."""
    tables = read_tables(ROOT)
    found = pages(ROOT)
    assert len(found) > 1
    for path in found:
        text = path.read_text(encoding="utf-8")
        assert renewed(text, tables) == text, (
            f"{path}: python -m acceptance.domains.documentation.feature_tables"
        )


def test_a_table_is_written_between_its_marks(tmp_path: Path) -> None:
    """Once and again the same; a page without the table is not what is proved."""
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "a.feature").write_text(FEATURE)
    page = tmp_path / "docs" / "security" / "roles.md"
    page.parent.mkdir(parents=True)
    page.write_text("# A\n\n<!-- table: Who may -->\n<!-- table: end -->\n")
    reader = a_reader(tmp_path)
    with pytest.raises(AssertionError, match=r"network\.md shows no table.*roles\.md is not what"):
        reader.judge_current(reader.compare_pages())
    assert main(tmp_path) == 0
    written = page.read_text()
    assert "| who | may |\n| --- | --- |\n| all | a\\*\\|b |\n" in written
    assert asked_for(written) == ("Who may",)
    assert main(tmp_path) == 0
    assert page.read_text() == written


def test_the_page_for_incidents_has_all() -> None:
    """As it is committed; the run follows its commands."""
    responder: Any = IncidentResponder.__new__(IncidentResponder)
    page = read_procedure((ROOT / PAGE).read_text(encoding="utf-8"))
    responder.judge_complete(page)
    responder.judge_roles(page)
    kept = Kept("pod.yaml", 1, sealed=True, secrets=0)
    with pytest.raises(AssertionError, match=r"the evidence has no connections\.txt"):
        responder.judge_preserved((kept,))


def test_alerts_have_to_be_about_something_and_reach_somebody() -> None:
    """A rule that does not work, none about security, and nobody who is told are each told."""
    operator = AlertingOperator.__new__(AlertingOperator)
    operator._timeouts = Timeouts()
    rule = Rule("a", about_security=True, health="ok")
    operator.judge_rules(Alerting((rule,), ("us",), ()))
    operator.judge_told(Alerting((rule,), ("us",), ()))
    other = Rule("a", about_security=False, health="ok")
    with pytest.raises(AssertionError, match="None of 1 alerting rules"):
        operator.judge_rules(Alerting((other,), (), ()))
    with pytest.raises(AssertionError, match="a does not work: err"):
        operator.judge_rules(Alerting((Rule("a", about_security=True, health="err"),), (), ()))
    with pytest.raises(AssertionError, match="it is away"):
        operator.judge_rules(Alerting((), (), ("it is away",)))
    with pytest.raises(AssertionError, match="Nobody is told: the receivers are null"):
        operator.judge_told(Alerting((rule,), ("null",), ()))
