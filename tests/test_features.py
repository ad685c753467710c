from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from gherkin.parser import Parser

from acceptance.tracker import parse

ROOT = Path(__file__).parents[1]
FEATURES = sorted((ROOT / "features").rglob("*.feature"))
RESERVED = {"@skip", "@xfail"}


def document(path: Path) -> dict[str, Any]:
    """A feature file as the official parser reads it."""
    found: dict[str, Any] = dict(Parser().parse(path.read_text(encoding="utf-8")))
    feature: dict[str, Any] = found["feature"]
    return feature


def rules(feature: dict[str, Any]) -> list[dict[str, Any]]:
    """The rules of a feature."""
    return [child["rule"] for child in feature["children"] if "rule" in child]


def scenarios(feature: dict[str, Any]) -> list[dict[str, Any]]:
    """The scenarios of all rules."""
    return [c["scenario"] for rule in rules(feature) for c in rule["children"] if "scenario" in c]


def keywords(scenario: dict[str, Any]) -> list[str]:
    """What each step is, with And and But resolved."""
    kinds: list[str] = []
    for step in scenario["steps"]:
        kinds.append(kinds[-1] if step["keywordType"] == "Conjunction" else step["keywordType"])
    return kinds


def test_there_are_features() -> None:
    """Otherwise the checks below would check nothing."""
    assert FEATURES


@pytest.mark.parametrize("path", FEATURES, ids=lambda path: str(path.relative_to(ROOT)))
def test_rules_have_the_words_of_the_tracker(path: Path) -> None:
    """A Rule is worded as its item, so that a change of the tracker shows as a difference."""
    texts = {item.id: item.text for item in parse(ROOT / "tracker.md").items}
    found = rules(document(path))
    assert found
    for rule in found:
        ids = [tag["name"][1:] for tag in rule["tags"]]
        assert len(ids) == 1
        assert texts[ids[0]] == rule["name"]


@pytest.mark.parametrize("path", FEATURES, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_are_unique_and_no_tag_is_reserved(path: Path) -> None:
    """pytest-bdd keeps only the last of two scenarios with one name, and obeys @skip."""
    found = scenarios(document(path))
    names = [scenario["name"] for scenario in found]
    assert len(names) == len(set(names))
    tags = {tag["name"] for scenario in found for tag in scenario["tags"]}
    assert not tags & RESERVED


@pytest.mark.parametrize("path", FEATURES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_scenario_has_one_when_and_an_outcome(path: Path) -> None:
    """One behaviour each, at least one Then, and no examples table without examples."""
    found = scenarios(document(path))
    assert found
    for scenario in found:
        kinds = keywords(scenario)
        assert kinds.count("Action") == 1, scenario["name"]
        assert kinds.count("Outcome") >= 1, scenario["name"]
        outline = scenario["keyword"] == "Scenario Outline"
        assert not outline or all(each["tableBody"] for each in scenario["examples"])
        assert not outline or scenario["examples"]


def test_every_scenario_is_collected(pytester: pytest.Pytester) -> None:
    """What pytest collects is what the official parser finds, examples included."""
    parsed = 0
    for path in FEATURES:
        for scenario in scenarios(document(path)):
            rows = [len(each["tableBody"]) for each in scenario["examples"]]
            parsed += sum(rows) or 1
    collected = pytester.runpytest_subprocess(
        "--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml"), "--collect-only", "-q",
        str(ROOT / "features"),
    )  # fmt: skip
    found = re.search(r"(\d+) tests collected", collected.stdout.str())
    assert found is not None, collected.stdout.str()
    assert int(found[1]) == parsed


def test_every_step_has_exactly_one_definition() -> None:
    """A step without a definition, or with two, is found here and not on the cluster."""
    definitions = [
        text
        for path in (ROOT / "steps").glob("*.py")
        for text in re.findall(
            r"@(?:given|when|then)\(\s*(?:parsers\.\w+\(\s*)?r?\"([^\"]+)\"", path.read_text()
        )
    ]
    assert definitions
    patterns = [re.sub(r"\{\w+\}", ".+", text) for text in definitions]
    for path in FEATURES:
        feature = document(path)
        steps = [step["text"] for scenario in scenarios(feature) for step in scenario["steps"]]
        assert steps
        for step in steps:
            matching = [
                text for text in patterns if re.fullmatch(text.replace("+ r", r"\+ r"), step)
            ]
            assert len(matching) == 1, f"{step}: {matching}"
