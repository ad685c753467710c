from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from acceptance.build.alert_rules import FOLDER
from acceptance.build.rule_cases import CASES, RuleCase
from acceptance.build.rule_tests import built_promtool
from acceptance.domains.observability import (
    RuleTestInspector,
    RuleTests,
)
from acceptance.domains.observability.alerts import rule_test_inspector
from acceptance.domains.observability.alerts.rule_mutations import WAYS, BrokenRule
from acceptance.domains.observability.alerts.rule_test_inspector import BrokenRuleTest
from acceptance.errors import EnvironmentFailure
from acceptance.judgement import Unverifiable
from acceptance.project import ROOT
from tests.fakes.system import SYSTEM
from tests.support.actors import context_of

MODULE = "acceptance.domains.observability.alerts.rule_test_inspector"
PLACE = FOLDER.relative_to(ROOT)
LATE, LOUD = "it waits ten times as long", "it is a warning"
NOTICED = BrokenRuleTest(LATE, "it waits 10m", noticed=True)
TESTS = RuleTests("short", "Away", 1, "", (NOTICED,))
DIFFERENT = 'FAILED: exp: got: {alertname="DatabaseAway"}'


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of the rules, where they are in the sources of a system."""
    shutil.copytree(FOLDER, tmp_path / PLACE)
    return tmp_path


def inspector(sources: Path, kept: list[str] | None = None) -> RuleTestInspector:
    """An inspector of a system that was deployed from these sources."""

    def keep(title: str, content: str | bytes, kind: str = "json") -> None:
        if kept is not None:
            kept.append(f"{title} {kind} {content!r}")

    return RuleTestInspector(context_of(replace(SYSTEM, repository=str(sources)), keep=keep))


def only(
    monkeypatch: pytest.MonkeyPatch, *alerts: str, cases: tuple[RuleCase, ...] = CASES
) -> None:
    """Have cases for these alerts only, and promtool."""
    chosen = tuple(case for case in cases if case.alert in alerts)
    monkeypatch.setattr(rule_test_inspector, "CASES", chosen)
    monkeypatch.setattr(rule_test_inspector, "built_promtool", lambda: Path("promtool"))


def pretend(monkeypatch: pytest.MonkeyPatch, whole: str | None, broken: str | None) -> list[str]:
    """Let promtool say one thing first, of the whole rule, and then another; return its rules."""
    texts: list[str] = []

    def check(_promtool: Path, variant: str, folder: Path, cases: object) -> str | None:
        assert cases
        texts.append((folder / variant / "alerts.yaml").read_text())
        return broken if '"110s"' in texts[-1] or '"10m"' in texts[-1] else whole

    monkeypatch.setattr(rule_test_inspector, "check_rules", check)
    return texts


def change(sources: Path, variant: str, old: str, new: str) -> None:
    """Change the alerts of a variant in one place."""
    path = sources / PLACE / variant / "alerts.yaml"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def of(found: tuple[RuleTests, ...], name: str) -> list[RuleTests]:
    """The tests of one rule, in both variants."""
    return [each for each in found if each.name == name]


def test_each_critical_rule_of_both_variants_is_broken(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is tested is a copy with few rules, first whole and then broken; it is kept."""
    only(monkeypatch, "DatabaseAway")
    texts, kept = pretend(monkeypatch, None, DIFFERENT), list[str]()
    found = inspector(sources, kept).break_critical_rules([LATE])
    assert [(each.variant, each.cases) for each in of(found, "DatabaseAway")] == [
        ("production", 2),
        ("short", 2),
    ]
    assert [each.broken[0].noticed for each in of(found, "DatabaseAway")] == [True, True]
    assert len({each.name for each in found}) == 12
    names = set(re.findall(r'"alert": "(\w+)"', texts[0]))
    assert names == {"DatabaseAway", "DeadMansSwitch", "TargetMissing"}
    assert "it waits 110s" in kept[0]
    assert (sources / PLACE / "short" / "alerts.yaml").read_text() == (
        FOLDER / "short" / "alerts.yaml"
    ).read_text()


def test_a_broken_rule_that_passes_its_tests_is_named(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what was broken."""
    only(monkeypatch, "DatabaseAway")
    pretend(monkeypatch, None, None)
    found = of(inspector(sources).break_critical_rules([LATE]), "DatabaseAway")
    with pytest.raises(AssertionError, match="short: the tests of DatabaseAway do not notice that"):
        inspector(sources).assert_breakage_noticed(tuple(found))


def test_a_rule_that_fails_its_tests_is_not_broken_further(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything would be noticed then."""
    only(monkeypatch, "DatabaseAway")
    pretend(monkeypatch, DIFFERENT, DIFFERENT)
    found = tuple(of(inspector(sources).break_critical_rules([LATE]), "DatabaseAway"))
    assert [each.broken for each in found] == [(), ()]
    with pytest.raises(AssertionError, match="production: DatabaseAway fails: FAILED"):
        inspector(sources).assert_whole_rules_pass(found)
    with pytest.raises(AssertionError, match="DatabaseAway was not broken"):
        inspector(sources).assert_breakage_noticed(found)


def test_a_critical_rule_without_a_case_is_named(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when it has a new name."""
    change(sources, "short", "alert: DatabaseAway", "alert: DatabaseGone")
    only(monkeypatch, "DatabaseAway")
    pretend(monkeypatch, None, DIFFERENT)
    found = tuple(of(inspector(sources).break_critical_rules([LATE]), "DatabaseGone"))
    with pytest.raises(AssertionError, match="short: no case is about DatabaseGone"):
        inspector(sources).assert_whole_rules_pass(found)
    with pytest.raises(AssertionError, match="short: DatabaseGone was not broken"):
        inspector(sources).assert_breakage_noticed(found)


def test_without_a_critical_rule_nothing_is_proved(sources: Path) -> None:
    """An empty list passes no check."""
    actor = inspector(sources)
    with pytest.raises(AssertionError, match="No rule is critical"):
        actor.assert_whole_rules_pass(())
    with pytest.raises(AssertionError, match="No rule is critical"):
        actor.assert_breakage_noticed(())
    actor.assert_whole_rules_pass((TESTS,))
    actor.assert_breakage_noticed((TESTS,))


@pytest.mark.parametrize("said", ["parse error in DatabaseAway", 'got: {alertname="Other"}'])
def test_a_failure_for_another_reason_is_no_notice(
    sources: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    """The rules are refused by promtool, or the case fails for another alert."""
    only(monkeypatch, "DatabaseAway")
    pretend(monkeypatch, None, said)
    with pytest.raises(Unverifiable, match="DatabaseAway cannot be tested when it waits"):
        inspector(sources).break_critical_rules([LATE])


def test_a_change_that_changes_nothing_is_unverified(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be a rule that nobody has broken."""
    only(monkeypatch, "DatabaseAway")
    pretend(monkeypatch, None, DIFFERENT)
    monkeypatch.setattr(
        rule_test_inspector, "WAYS", {"none": lambda rule: [BrokenRule(rule, "it is itself")]}
    )
    with pytest.raises(Unverifiable, match="is the same although it is itself"):
        inspector(sources).break_critical_rules(["none"])


def test_a_way_that_no_rule_can_be_broken_in_is_unverified(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table would promise what nothing has tried."""
    only(monkeypatch, *{case.alert for case in CASES})
    pretend(monkeypatch, None, f"{DIFFERENT} {every_alert()}")
    monkeypatch.setattr(rule_test_inspector, "WAYS", {LATE: WAYS[LATE], "none": lambda _: []})
    with pytest.raises(Unverifiable, match="No rule was broken so that none"):
        inspector(sources).break_critical_rules([LATE, "none"])


def every_alert() -> str:
    """The names of all alerts that have a case, as promtool words them."""
    return " ".join(f'alertname="{case.alert.split()[0]}"' for case in CASES)


def test_without_promtool_the_tests_are_unverified(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is built with Prometheus, or it cannot run."""
    monkeypatch.setattr(rule_test_inspector, "built_promtool", lambda: None)
    with pytest.raises(Unverifiable, match="No promtool was built"):
        inspector(sources).break_critical_rules([LATE])
    only(monkeypatch, "DatabaseAway")

    def fail(*_: object) -> str:
        raise EnvironmentFailure("There is no such program.")

    monkeypatch.setattr(rule_test_inspector, "check_rules", fail)
    with pytest.raises(Unverifiable, match="promtool cannot run: There is no such program"):
        inspector(sources).break_critical_rules([LATE])


@pytest.mark.skipif(built_promtool() is None, reason="promtool is built by a run")
def test_promtool_notices_a_broken_rule_and_not_an_untested_alternative(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every way is noticed; but not the new name of a metric that no case has."""
    monkeypatch.setattr(
        rule_test_inspector, "CASES", tuple(e for e in CASES if e.alert == "DatabaseAway")
    )
    whole = '(max(pg_up{job="database"}) or vector(0)) == 0'
    change(sources, "short", whole, f"{whole} or max(pg_up_ratio) == 0")
    ways = ["a metric that it reads was renamed", LATE, LOUD]
    production, short = of(inspector(sources).break_critical_rules(ways), "DatabaseAway")
    assert [each.noticed for each in production.broken] == [True, True, True]
    inspector(sources).assert_breakage_noticed((production,))
    assert [each.change for each in short.broken if not each.noticed] == ["pg_up_ratio was renamed"]
