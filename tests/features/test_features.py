from __future__ import annotations

import re

from acceptance.project import ROOT
from acceptance.readiness.traceability import check, feature_files, read_features
from acceptance.readiness.tracker import parse
from fixtures.turns import CHANGES, DISTURBING, USES, touch_of
from tests.support.forked import run_pytest


def test_the_features_prove_what_the_tracker_says() -> None:
    """Words, ids, scenarios and steps of this project: nothing is wrong with any of them."""
    findings = check(parse(ROOT / "tracker.md"), ROOT / "features", ROOT / "steps")
    assert not findings, "\n".join(map(str, findings))


def test_every_scenario_is_collected() -> None:
    """What pytest collects is what the official parser finds, examples included."""
    features, _ = read_features(feature_files(ROOT / "features"))
    parsed = sum(len(each.runs) for feature in features for each in feature.scenarios)
    assert parsed > 20
    collected = run_pytest(ROOT, "--collect-only", "-q", "-p", "no:cacheprovider", "features")
    found = re.search(r"(\d+) tests collected", collected.stdout.str())
    assert found is not None, collected.stdout.str()
    assert int(found[1]) == parsed


def test_every_critical_alert_is_followed() -> None:
    """What the rules have as critical is what the scenarios cause, one by one."""
    text = (ROOT / "features/task_003_observability/acceptance_criteria.feature").read_text()
    (listed,) = re.findall(r"exactly these alerts are critical:\n((?: +\|.+\n)+)", text)
    tables = re.findall(r"brought about and cured\n((?: +\|.+\n)+)", text)
    followed = [name for table in tables for name in _first_column(table)]
    assert sorted(followed) == sorted(_first_column(listed))


def _first_column(table: str) -> list[str]:
    """Return the cells below the head of a table of Gherkin."""
    return [row.split("|")[1].strip() for row in table.splitlines()[1:]]


def _tagged() -> dict[str, tuple[str, ...]]:
    """Return the tags of each scenario by its name."""
    features, _ = read_features(feature_files(ROOT / "features"))
    return {
        scenario.name: rule.tag_names(scenario)
        for feature in features
        for rule in feature.rules
        for scenario in rule.scenarios
    }


def test_what_a_scenario_touches_is_said_in_one_way() -> None:
    """`@disturbing` and `@changes-…` in one scenario would contradict each other."""
    tagged = _tagged()
    assert tagged
    twice = [
        name
        for name, tags in tagged.items()
        if DISTURBING in tags and any(tag.startswith((CHANGES, USES)) for tag in tags)
    ]
    assert not twice


def test_no_alert_is_kept_quiet_by_the_outage_of_another_scenario() -> None:
    """Alertmanager lets a real outage keep quiet what a scenario sends, as it should."""
    tagged = _tagged()
    senders = ("What a known cause makes fail is quiet", "What has another cause arrives")
    sending = [touch_of(tags) for name, tags in tagged.items() if name.startswith(senders)]
    breaking = [touch_of(tags) for tags in tagged.values() if f"{CHANGES}application" in tags]
    assert len(sending) == len(senders)
    assert breaking
    assert not any(one.beside(other) for one in sending for other in breaking)
