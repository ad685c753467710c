from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from acceptance.build import alert_rules
from acceptance.build.alert_rules import FOLDER, VARIANTS, provenance_fault, render_rules
from acceptance.build.rule_cases import CASES, RuleCase, turns
from acceptance.build.rule_tests import built_promtool, check_rules, seconds, unit_tests
from acceptance.errors import BrokenInput
from acceptance.project import ROOT

if TYPE_CHECKING:
    from acceptance.build.alert_rules import Variant

_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?[smhd]?\b|(?<=ratio_rate)\d+[smhd]")
SLOTH = ROOT / ".tools" / "sloth"


def _rules(variant: Variant, key: str) -> list[dict[str, Any]]:
    """All rules of a variant that have this key, in order."""
    texts = [text for name, text in render_rules(variant).items() if name != "routes.yaml"]
    groups = [group for text in texts for group in yaml.safe_load(text)["groups"]]
    return [rule for group in groups for rule in group["rules"] if key in rule]


ALERTS = _rules("production", "alert")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the rules that a test may change."""
    return Path(shutil.copytree(FOLDER, tmp_path / "prometheus-rules"))


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_is_committed_is_what_its_source_gives(variant: Variant) -> None:
    """Nobody has changed a rendered file, or forgotten to render it."""
    rendered = render_rules(variant)
    assert len(rendered) == 4
    committed = {path.name: path.read_text() for path in (FOLDER / variant).glob("*.yaml")}
    committed.pop("kustomization.yaml")
    assert committed == rendered


def test_short_rules_are_the_same_rules_with_other_numbers() -> None:
    """What is proved with short times is proved of the rules for production."""

    def shape(variant: Variant) -> dict[str, str]:
        return {name: _NUMBER.sub("#", text) for name, text in render_rules(variant).items()}

    production, short = shape("production"), shape("short")
    assert production == short
    assert render_rules("production") != render_rules("short")
    names = [[rule["alert"] for rule in _rules(variant, "alert")] for variant in VARIANTS]
    assert names[0] == names[1]


def test_short_windows_stay_apart() -> None:
    """Two windows of the same length would be one series."""
    for variant in VARIANTS:
        windows = alert_rules.windows(variant)
        assert len(set(windows.values())) == len(windows)
        lengths = [seconds(windows[name]) for name in ("5m", "30m", "1h", "6h", "3d", "30d")]
        assert lengths == sorted(lengths)


@pytest.mark.parametrize("variant", VARIANTS)
def test_one_scrape_that_fails_calls_nobody(variant: Variant) -> None:
    """Each alert about a scrape waits for longer than two of them."""
    overlay = "production" if variant == "production" else "embedded"
    path = ROOT / "manifests" / "overlays" / overlay / "metrics" / "prometheus.yaml"
    scrape = seconds(yaml.safe_load(path.read_text())["global"]["scrape_interval"])
    found = [
        rule
        for rule in _rules(variant, "alert")
        if re.match(r"(up|probe_success)\{[^}]*\} == 0", rule["expr"])
    ]
    assert {"TargetDown", "SiteUnreachable", "EndpointDown"} <= {rule["alert"] for rule in found}
    assert [rule["alert"] for rule in found if seconds(rule["for"]) <= 2 * scrape] == []


def test_service_levels_are_what_sloth_made_of_their_source() -> None:
    """The hashes hold what is committed to its source, without sloth."""
    assert provenance_fault() is None


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("slo/checkout.yaml", "objective: 99.9", "objective: 90", "is not of this source"),
        ("slo/windows/month.yaml", "Percent: 2", "Percent: 4", "is not of this source"),
        ("slo/generated.yaml", "14.4 *", "144 *", "was changed by hand"),
    ],
)
def test_a_service_level_that_was_changed_alone_is_seen(
    copy: Path, file: str, old: str, new: str, fault: str
) -> None:
    """A source without its rules, and rules without their source."""
    path = copy / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert fault in (provenance_fault(copy) or "")


@pytest.mark.skipif(not SLOTH.exists(), reason="sloth is built by make rules")
def test_sloth_gives_the_same_again() -> None:
    """Where sloth is built, the rules are generated again."""
    generated = alert_rules.generate_service_levels(SLOTH)
    assert generated == (FOLDER / "slo" / "generated.yaml").read_text()


@pytest.mark.parametrize("burn", ["14.4", "6", "1"])
def test_each_service_level_has_the_burn_rates_of_the_workbook(burn: str) -> None:
    """14.4 times over 1 h, 6 times over 6 h, once over 3 d, each with its short window."""
    short, long = {"14.4": ("5m", "1h"), "6": ("30m", "6h"), "1": ("6h", "3d")}[burn]
    burning = [rule["expr"] for rule in ALERTS if "BudgetBurn" in rule["alert"]]
    found = [
        expr
        for expr in burning
        if all(re.search(rf"ratio_rate{w}\{{[^}}]+\}} > \({burn} \*", expr) for w in (short, long))
    ]
    assert len(found) == 4  # read and change, errors and latency


def test_a_number_that_is_missing_or_unused_is_refused(copy: Path) -> None:
    """The table has all numbers, and no others."""
    table = copy / "numbers.yaml"
    text = table.read_text()
    table.write_text(text.replace("    crashes: 3\n", ""))
    with pytest.raises(BrokenInput, match="has no crashes for production"):
        render_rules("production", copy)
    table.write_text(text.replace("    crashes: 3\n", "    crashes: 3\n    unknown: 4\n"))
    with pytest.raises(BrokenInput, match=r"No rule uses these numbers of numbers\.yaml: unknown"):
        render_rules("production", copy)


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_each_alert_says_what_it_is(rule: dict[str, Any]) -> None:
    """A severity, a category, what happened, and the page that says what to do."""
    allowed = {"none"} if rule["alert"] == "DeadMansSwitch" else {"critical", "warning"}
    assert rule["labels"]["severity"] in allowed
    assert rule["labels"]["category"]
    for name in ("summary", "description"):
        assert len(rule["annotations"][name].split()) >= 3
    words = re.sub(r"(?<!^)(?=[A-Z])", "-", rule["alert"]).lower()
    assert rule["annotations"]["runbook_url"] == f"docs/operations/alerts/{words}.md"
    assert (ROOT / rule["annotations"]["runbook_url"]).is_file()


def test_each_runbook_has_its_alert() -> None:
    """A page about an alert that no longer exists would mislead."""
    pages = {path.name for path in (ROOT / "docs" / "operations" / "alerts").glob("*.md")}
    named = {Path(rule["annotations"]["runbook_url"]).name for rule in ALERTS}
    assert pages - {"README.md"} == named


def test_each_alert_has_a_case_in_which_it_fires() -> None:
    """With each of its severities; and nothing is expected that is no alert."""
    fires = {name for case in CASES for _, firing in case.firing for name in firing}
    alerts = {f"{rule['alert']} {rule['labels']['severity']}" for rule in ALERTS}
    assert fires == alerts - {"DeadMansSwitch none"}


@pytest.mark.parametrize("variant", VARIANTS)
def test_each_case_lists_all_that_fires(variant: Variant) -> None:
    """All alerts are compared, and one always fires, so rules that are not read are seen."""
    document = unit_tests(variant, FOLDER / variant)
    assert len(document["tests"]) == len(CASES)
    for test in document["tests"]:
        for asked in test["promql_expr_test"]:
            assert asked["expr"].endswith('(ALERTS{alertstate="firing"})')
            assert any("DeadMansSwitch" in each["labels"] for each in asked["exp_samples"])


@pytest.mark.skipif(built_promtool() is None, reason="promtool is built by a run")
def test_promtool_sees_what_a_case_gets_wrong() -> None:
    """One case that holds, and the same with an alert too few."""
    promtool = built_promtool()
    assert promtool is not None
    right = next(case for case in CASES if case.alert == "DatabaseAway")
    assert check_rules(promtool, "short", cases=[right]) is None
    wrong = RuleCase(right.name, right.alert, right.changed, [("for_critical", {})])
    assert "DatabaseAway" in (check_rules(promtool, "short", cases=[wrong]) or "")
    with pytest.raises(BrokenInput):
        check_rules(promtool, "short", cases=[])


@pytest.mark.skipif(built_promtool() is None, reason="promtool is built by a run")
@pytest.mark.parametrize(
    ("alert", "file", "old", "new"),
    [
        ("DatabaseAway", "alerts.yaml", " or vector(0)) == 0", ") == 0"),
        ("LatencyBudgetBurn read", "service-levels.yaml", 'le="0.3"', 'le="300"'),
        ("SecretRead", "recording.yaml", "or sum by (user, verb", "and sum by (user, verb"),
    ],
)
def test_a_rule_that_is_wrong_is_seen(
    copy: Path, alert: str, file: str, old: str, new: str
) -> None:
    """No data taken for a good sign, a threshold in the wrong unit, a first event overlooked."""
    path = copy / "short" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    cases = [case for case in CASES if case.alert == alert]
    promtool = built_promtool()
    assert promtool is not None
    assert alert.partition(" ")[0] in (check_rules(promtool, "short", copy, cases) or "")


def test_a_series_turns_when_its_cause_begins() -> None:
    """The first scrape at or after the cause has the new value."""
    assert turns(1, 0)([0, 5, 10, 15], 10) == ["1", "1", "0", "0"]


def test_an_alert_tells_of_every_job_that_finds_nothing() -> None:
    """Every job of the scrape configuration; the probes have one job together."""
    folder = FOLDER.parent / "prometheus"
    configs = yaml.safe_load((folder / "scrape.yaml").read_text())["scrape_configs"]
    jobs = {"endpoints", *(each["job_name"] for each in configs)}
    expression = next(r for r in _rules("production", "alert") if r["alert"] == "TargetMissing")
    missed = set(re.findall(r'absent\(up\{job="([^"]+)"\}\)', expression["expr"]))
    assert missed == jobs
