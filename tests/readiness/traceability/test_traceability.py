from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.readiness.traceability import (
    TraceabilityProblem,
    check,
    covered,
    drift,
    feature_files,
    read_features,
    trace,
)
from acceptance.readiness.tracker import Tracker, parse_bytes

TRACKER = """# Shop

## ABC-1: Pay
**Acceptance Criteria**:
- [ ] ðŸ”¥ A card is charged
- [ ] A receipt is sent
- [ ] Nobody pays twice

## ABC-2: Return
**Acceptance Criteria**:
- [ ] Money comes back
"""

FEATURE = """@ABC-1
Feature: Pay

  Background:
    Given a shop

  @ABC-1-AC-1
  Rule: A card is charged

    Scenario Outline: A card pays for <count> things
      When somebody pays for <count> things
      Then the card is charged
      And nothing else is

      Examples:
        | count |
        | 1     |
        | 2     |

  @ABC-1-AC-2
  Rule: A receipt is sent

    Scenario: A receipt comes
      When somebody pays for 3 things
      Then the receipt is for 3 euros
"""

STEPS = """
import re
from pytest_bdd import given, parsers, step as anything, then
import pytest_bdd as bdd

SHOP = "a shop"
TYPES = dict(Number=int)

@given(SHOP)
def _(): ...

@bdd.when(bdd.parsers.parse("somebody pays for {count:d} things"))
def _(): ...

@then("the card is charged")
@anything(parsers.string("nothing else is"))
def _(): ...

@then(parsers.re(r"THE receipt is for (?P<sum>\\d+) euros", flags=re.IGNORECASE))
def _(): ...
"""


@pytest.fixture
def tracker() -> Tracker:
    """A tracker with four criteria."""
    return parse_bytes(TRACKER.encode(), Path("tracker.md"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in which nothing is wrong."""
    for name, text in (("features/pay.feature", FEATURE), ("steps/shop.py", STEPS)):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def problems(tracker: Tracker, project: Path) -> list[TraceabilityProblem]:
    """Everything that is wrong with a project."""
    return list(check(tracker, project / "features", project / "steps"))


def change(project: Path, name: str, old: str, new: str) -> None:
    """Change a file of a project in one place."""
    path = project / name
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_sound_project_has_no_finding(tracker: Tracker, project: Path) -> None:
    """Otherwise the findings below would prove nothing."""
    assert problems(tracker, project) == []


RECEIPT = "    Scenario: A receipt comes\n"
AGAIN = "@ABC-1\nFeature: B\n\n  @ABC-1-AC-2\n  Rule: A receipt is sent\n\n"
PASSES = (
    "      Given a shop\n      When somebody pays for 4 things\n      Then the card is charged\n"
)


@pytest.mark.parametrize(
    "case",
    [
        (
            "Rule: A receipt is sent",
            "Rule: A mail is sent",
            "wording",
            21,
            "ABC-1-AC-2 is worded differently",
        ),
        (
            "  @ABC-1-AC-2",
            "  @ABC-1-AC-9 @ABC-1-AC-2",
            "unknown-id",
            20,
            "@ABC-1-AC-9 does not name",
        ),
        ("  @ABC-1-AC-2", "  @ABC-1-AC2 @ABC-1-AC-2", "unknown-id", 20, "@ABC-1-AC2 does not name"),
        (RECEIPT, f"    @XYZ-1-DOD-1\n{RECEIPT}", "unknown-id", 23, "@XYZ-1-DOD-1 does not name"),
        ("  @ABC-1-AC-2", "  @other", "item-tag", 21, "names no item"),
        ("  @ABC-1-AC-2", "  @ABC-1-AC-1 @ABC-1-AC-2", "item-tag", 21, "and @ABC-1-AC-2"),
        (RECEIPT, f"    @ABC-1-AC-2\n{RECEIPT}", "item-tag", 23, "scenario's Rule already"),
        (RECEIPT, f"    @ABC-2-AC-1\n{RECEIPT}", "item-tag", 23, "is of another task"),
        (RECEIPT, f"    @ABC-1-AC-3\n{RECEIPT}", "no-rule", 23, "has no Rule with a scenario"),
        ("@ABC-1\n", "@ABC-1 @ABC-1-AC-2\n", "item-tag", 1, "is the tag of a feature"),
        ("      Examples:", "      @ABC-1-AC-2\n      Examples:", "item-tag", 15, "of examples"),
        (
            "  Background:\n    Given a shop\n",
            f"  @ABC-1-AC-2\n  Scenario: A\n{PASSES}",
            "item-tag",
            4,
            "is the tag of a scenario",
        ),
        ("@ABC-1\n", "@ABC-2\n", "item-tag", 8, "ABC-1-AC-1 is in a feature"),
        ("@ABC-1-AC-2", "@ABC-1-AC-1", "covered-twice", 21, "pay.feature:8"),
        (
            RECEIPT,
            "    Scenario: A card pays for <count> things\n",
            "duplicate-name",
            23,
            "drops one",
        ),
        ("      Then the receipt is for 3 euros\n", "", "no-then", 23, "has no Then"),
        ("      When somebody pays for 3 things\n", "", "when", 23, "has 0 When"),
        (
            "      Then the receipt",
            "      When somebody pays for 4 things\n      Then the receipt",
            "when",
            23,
            "has 2 When",
        ),
        ("        | 1     |\n        | 2     |\n", "", "examples", 15, "are empty"),
        (
            "        | count |\n        | 1     |\n        | 2     |\n",
            "",
            "examples",
            15,
            "are empty",
        ),
        ("        | count |", "        | sum   |", "examples", 10, 'no column "count"'),
        (RECEIPT, "    Scenario Outline: A receipt comes\n", "examples", 23, "has no examples"),
        (RECEIPT, f"    @skip\n{RECEIPT}", "reserved-tag", 23, "@skip is a mark"),
        ("@ABC-1\n", "@ABC-1 @xfail\n", "reserved-tag", 1, "@xfail is a mark"),
        ("for 3 euros", "for 3 dollars", "undefined-step", 25, "has no definition"),
        ("When somebody pays for 3", "When somebody pays for no", "undefined-step", 24, "@when("),
        ("And nothing else is", "And nothing more is", "undefined-step", 13, "has no definition"),
        (
            "Then the receipt is",
            "Nonsense the receipt is",
            "unreadable",
            25,
            "is not expected here",
        ),
        (
            "  Background:\n    Given a shop\n",
            f"  Scenario: A\n{PASSES}",
            "outside-rule",
            4,
            "no item",
        ),
        (FEATURE.partition(RECEIPT)[1] + FEATURE.partition(RECEIPT)[2], "", "empty-rule", 21, "no"),
    ],
)
def test_what_is_wrong_with_a_feature_is_found(
    tracker: Tracker, project: Path, case: tuple[str, str, str, int, str]
) -> None:
    """Each kind of drift is a finding with its file and line, its cause and a remedy."""
    old, new, kind, line, sentence = case
    change(project, "features/pay.feature", old, new)
    found = [each for each in problems(tracker, project) if each.kind == kind]
    assert (found[0].path.name, found[0].line) == ("pay.feature", line)
    assert sentence in found[0].sentence
    assert "Try: " in found[0].sentence
    assert str(found[0]).startswith(f"{found[0].path}:{line}: ")


@pytest.mark.parametrize(
    "case",
    [
        (
            "def _(): ...\n\n@bdd",
            '@given("a market")\ndef _(): ...\n\n@bdd',
            "unused-step",
            10,
            "a market",
        ),
        ("@given(SHOP)", "@given(SHOP)\n@given('a shop')", "ambiguous-step", 5, "shop.py:9 and"),
        ("@given(SHOP)", "@given(f'{SHOP}')", "unreadable", 9, "cannot be read"),
        ("@given(SHOP)", "@given(parsers.parse(SHOP, TYPES))", "unreadable", 9, "its types are"),
        ("@given(SHOP)", "@given(parsers.re('('))", "unreadable", 9, "cannot be read"),
        ("@given(SHOP)", "@given(parsers.mine(SHOP))", "unreadable", 9, "is not a parser"),
        ("@given(SHOP)", "@given()", "unreadable", 9, "it is missing"),
        ("re.IGNORECASE", "flags()", "unreadable", 19, "its flags are"),
        ("import re\n", "import re (\n", "unreadable", 2, "This is not Python"),
    ],
)
def test_what_is_wrong_with_a_step_is_found(
    tracker: Tracker, project: Path, case: tuple[str, str, str, int, str]
) -> None:
    """Steps that nothing uses, that fit twice, and those whose text only a run would know."""
    old, new, kind, line, sentence = case
    change(project, "steps/shop.py", old, new)
    found = [each for each in problems(tracker, project) if each.kind == kind]
    assert [each.line for each in found] == [line]
    assert sentence in found[0].sentence
    assert "Try: " in found[0].sentence


@pytest.mark.parametrize(
    "definition",
    [
        "@given(parsers.parse('a {what:w}'))",
        "@given(parsers.cfparse('a {what:Thing}', extra_types={'Thing': str}))",
        "@given(parsers.parse('a {what:Thing}', dict_of_types))",
        "@given(parsers.re('a (?P<what>.*)', re.I | re.ASCII))",
        "@anything(name='a shop', type_='given')",
        "@anything('a shop')",
    ],
)
def test_each_way_to_define_a_step_is_understood(
    tracker: Tracker, project: Path, definition: str
) -> None:
    """All parsers of pytest-bdd, by position and by name, from literals and constants."""
    change(project, "steps/shop.py", "@given(SHOP)", definition)
    change(project, "steps/shop.py", "TYPES = dict(Number=int)", "dict_of_types = {'Thing': str}")
    assert problems(tracker, project) == []


def test_steps_of_another_kind_do_not_fit(tracker: Tracker, project: Path) -> None:
    """A Then is not satisfied by a step that is defined for When."""
    change(project, "steps/shop.py", '@then("the card', '@bdd.when("the card')
    kinds = {each.kind for each in problems(tracker, project)}
    assert kinds == {"undefined-step", "unused-step"}


def test_an_item_in_two_files_is_found(tracker: Tracker, project: Path) -> None:
    """Two teams that prove the same item would each believe to be alone."""
    again = project / "features" / "zzz" / "again.feature"
    again.parent.mkdir()
    again.write_text(f"{AGAIN}    Scenario: B\n{PASSES}")
    (found,) = problems(tracker, project)
    assert (found.kind, found.path, found.line) == ("covered-twice", again, 5)
    assert "pay.feature:21" in found.sentence


def test_a_name_in_two_files_is_found(tracker: Tracker, project: Path) -> None:
    """A scenario is named in reports without its file."""
    other = project / "features" / "return.feature"
    other.write_text(
        "Feature: R\n\n  @ABC-2-AC-1\n  Rule: Money comes back\n\n"
        f"    Scenario: A receipt comes\n{PASSES}"
    )
    (found,) = problems(tracker, project)
    assert (found.kind, found.line) == ("duplicate-name", 6)


def test_two_wordings_stand_one_above_the_other(tracker: Tracker, project: Path) -> None:
    """Both are shown, with their lines and a mark where they part."""
    change(project, "features/pay.feature", "Rule: A receipt is sent", "Rule: A receipt was sent")
    (found,) = problems(tracker, project)
    _, first, second, mark = found.sentence.splitlines()
    assert first.strip() == "tracker, line 6: A receipt is sent"
    assert second.strip() == "Rule, line 21  : A receipt was sent"
    assert first.index("is sent") == second.index("was sent") == mark.index("^")


def test_a_folder_without_features_is_a_finding(tracker: Tracker, tmp_path: Path) -> None:
    """Nothing that is wrong, because nothing was looked at, is no success."""
    (found,) = check(tracker, tmp_path / "features", tmp_path / "steps")
    assert found.kind == "no-features"


def test_empty_and_binary_features_are_findings(tracker: Tracker, project: Path) -> None:
    """A file that holds no feature is named, not passed over."""
    (project / "features" / "a.feature").write_text("")
    (project / "features" / "b.feature").write_bytes(b"\xff")
    (project / "features" / "c.feature").write_text("# language: xx\nFeature: C\n")
    found = problems(tracker, project)
    assert [(each.kind, each.path.name) for each in found] == [
        ("unreadable", "a.feature"),
        ("unreadable", "b.feature"),
        ("unreadable", "c.feature"),
    ]


def test_drift_is_about_items_and_their_words(tracker: Tracker, project: Path) -> None:
    """What would prove something else than was promised; the rest is for `make test`."""
    change(project, "features/pay.feature", "Rule: A receipt is sent", "Rule: A mail is sent")
    change(project, "features/pay.feature", "      Then the receipt is for 3 euros\n", "")
    assert {each.kind for each in problems(tracker, project)} == {
        "wording",
        "no-then",
        "unused-step",
    }
    found = drift(tracker, feature_files(project / "features"))
    assert [each.kind for each in found] == ["wording"]


def test_scenarios_are_counted_for_each_item(tracker: Tracker, project: Path) -> None:
    """Each row of examples is a scenario, and an item without any has none."""
    features, _ = read_features(feature_files(project / "features"))
    counts = {"ABC-1-AC-1": 2, "ABC-1-AC-2": 1, "ABC-1-AC-3": 0, "ABC-2-AC-1": 0}
    assert covered(tracker, features) == counts
    (first, second, _) = (run for each in features[0].scenarios for run in each.runs)
    assert [first.name, second.name] == ["A card pays for 1 things", "A card pays for 2 things"]
    assert [step.kind for step in first.steps] == ["given", "when", "then", "then"]


SECOND = ("    Scenario Outline: A card", "    @ABC-1-AC-2\n    Scenario Outline: A card")


def test_a_scenario_proves_a_second_item(tracker: Tracker, project: Path) -> None:
    """It counts for the item of its Rule and for the one that it names, and is one scenario."""
    change(project, "features/pay.feature", *SECOND)
    assert problems(tracker, project) == []
    features, _ = read_features(feature_files(project / "features"))
    counts = covered(tracker, features)
    assert (counts["ABC-1-AC-1"], counts["ABC-1-AC-2"]) == (2, 3)
    status = {"id": "ABC-1-AC-2", "scenarios": [{"name": "A receipt comes", "status": "passed"}]}
    matrix = trace(tracker, project / "features", project / "steps", {"items": [status]})
    names = {row.item.id: [each.name for each in row.scenarios] for row in matrix.rows}
    shared = ["A card pays for 1 things", "A card pays for 2 things"]
    assert names["ABC-1-AC-1"] == shared
    assert names["ABC-1-AC-2"] == [*shared, "A receipt comes"]
    assert matrix.sentence.startswith("2 of 4 items are covered, by 3 scenarios")


def test_of_a_part_of_the_features_nobody_knows_which_items_have_a_rule(
    tracker: Tracker, project: Path
) -> None:
    """The Rule may be in a feature that was not asked for; a whole run has to have it."""
    change(project, "features/pay.feature", SECOND[0], SECOND[1].replace("AC-2", "AC-3"))
    files = feature_files(project / "features")
    assert [each.kind for each in drift(tracker, files)] == ["no-rule"]
    assert drift(tracker, files, part=True) == ()


def test_a_rule_without_a_scenario_lends_no_item(tracker: Tracker, project: Path) -> None:
    """A scenario may prove more than its own item, but never all of another one."""
    change(project, "features/pay.feature", *SECOND)
    change(project, "features/pay.feature", FEATURE[FEATURE.index(RECEIPT) :], "")
    assert {"empty-rule", "no-rule"} <= {each.kind for each in problems(tracker, project)}


def test_features_in_another_language_are_read(tracker: Tracker, project: Path) -> None:
    """Keywords of any language of Gherkin have their meaning, a byte-order mark has none."""
    (project / "features" / "pay.feature").write_text(
        "# language: de\n@ABC-1\nFunktionalität: Zahlen\n\n"
        "  @ABC-1-AC-1\n  Regel: A card is charged\n\n"
        "    Szenario: Es geht\n      Angenommen a shop\n      Wenn somebody pays for 2 things\n"
        "      Dann the card is charged\n      Und nothing else is\n",
        encoding="utf-8-sig",
    )
    assert {each.kind for each in problems(tracker, project)} == {"unused-step"}
