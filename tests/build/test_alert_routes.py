from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from acceptance.build.alert_rules import VARIANTS, render_rules
from acceptance.project import ROOT
from acceptance.runbooks.reader import Runbook, load_runbook

if TYPE_CHECKING:
    from acceptance.build.alert_rules import Variant

_MATCHER = re.compile(r'(\w+) (=~|!=|=) "(.*)"')
PAGE = "docs/operations/on-call.md"


def _config(variant: Variant = "production") -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load(render_rules(variant)["routes.yaml"])
    return config


def _matches(matchers: list[str], labels: dict[str, str]) -> bool:
    for each in matchers:
        found = _MATCHER.fullmatch(each)
        assert found, f"{each} is no matcher with quotes, which every parser reads alike"
        value = labels.get(found[1], "")
        if found[2] == "=~":
            holds = re.fullmatch(found[3], value) is not None
        else:
            holds = (value == found[3]) is (found[2] == "=")
        if not holds:
            return False
    return True


def _sent(labels: dict[str, str], variant: Variant = "production") -> list[tuple[str, str]]:
    """Receiver and repeat interval of an alert with these labels, in the order of the routes."""
    root = _config(variant)["route"]
    sent: list[tuple[str, str]] = []
    for route in root["routes"]:
        if _matches(route["matchers"], labels):
            interval = route.get("repeat_interval", root["repeat_interval"])
            sent.append((route["receiver"], interval))
            if not route.get("continue"):
                break
    return sent or [(root["receiver"], root["repeat_interval"])]


def _rows(page: Runbook, after: str) -> list[list[str]]:
    """The cells of a table below the heading `after`, without its head."""
    part = page.text.split(f"## {after}\n")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    ends = [at for at, row in enumerate(table) if set(row[0]) == {"-"}]
    last = ends[1] - 1 if len(ends) > 1 else len(table)
    return table[ends[0] + 1 : last]


def test_people_are_told_what_alertmanager_does() -> None:
    """Each row of the page's table is what the routes do."""
    rows = _rows(load_runbook(ROOT, PAGE), "Routes")
    assert len(rows) == 5
    for alerts, receivers, repeated in rows:
        labels = dict(pair.split("=") for pair in alerts.strip("`").split())
        said = list(zip(re.findall(r"`([\w-]+)`", receivers), repeated.split(", "), strict=True))
        assert _sent(labels) == said, alerts


def test_each_receiver_is_told_of_and_used() -> None:
    """No receiver that no route uses, and none that the page does not name."""
    config = _config()
    declared = {receiver["name"] for receiver in config["receivers"]}
    rows = _rows(load_runbook(ROOT, PAGE), "Routes")
    assert declared == {name for row in rows for name in re.findall(r"`([\w-]+)`", row[1])}
    used = {config["route"]["receiver"], *(r["receiver"] for r in config["route"]["routes"])}
    assert declared == used


@pytest.mark.parametrize("variant", VARIANTS)
def test_each_alert_arrives_at_the_receivers_of_its_severity(variant: Variant) -> None:
    """A critical one always calls somebody, and what is security's always reaches them."""
    texts = render_rules(variant)
    rules = [
        rule["labels"] | {"alertname": rule["alert"]}
        for name in ("alerts.yaml", "service-levels.yaml")
        for group in yaml.safe_load(texts[name])["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]
    assert rules
    answered = {row[0] for row in _rows(load_runbook(ROOT, PAGE), "Severities")}
    for labels in rules:
        receivers = {name for name, _ in _sent(labels, variant)}
        severity = labels["severity"]
        assert severity in answered
        assert ("critical" in receivers) is (severity == "critical"), labels
        assert ("security" in receivers) is (labels["category"] == "security"), labels


def test_what_no_route_knows_is_not_lost() -> None:
    """An alert without the labels of this project still reaches a person."""
    assert _sent({"alertname": "Unknown"}) == [("warning", "24h")]


def test_addresses_are_in_a_file_of_their_own_for_each_receiver() -> None:
    """No address is committed, and two receivers do not share one."""
    files = [
        hook["url_file"] for each in _config()["receivers"] for hook in each["webhook_configs"]
    ]
    assert len(files) == len(set(files)) == 4
    assert all(file.startswith("/etc/alertmanager-receivers/") for file in files)


@pytest.mark.parametrize(
    ("cause", "kept_quiet", "quiet"),
    [
        ("NoReadyBackend", {"alertname": "ErrorBudgetBurn"}, True),
        ("NoReadyBackend", {"alertname": "LatencyBudgetBurn"}, True),
        ("NoReadyBackend", {"alertname": "SiteUnreachable", "endpoint": "API"}, True),
        ("NoReadyBackend", {"alertname": "SiteUnreachable", "endpoint": "page"}, False),
        ("NoReadyBackend", {"alertname": "DatabaseAway"}, False),
        ("DatabaseAway", {"alertname": "NoReadyBackend"}, True),
        ("TargetDown", {"alertname": "NoReadyBackend"}, False),
    ],
)
def test_a_cause_keeps_quiet_what_it_makes_fail(
    cause: str, kept_quiet: dict[str, str], *, quiet: bool
) -> None:
    """And nothing else."""
    source = {"alertname": cause, "severity": "critical"}
    target = {"severity": "critical", **kept_quiet}
    found = any(
        _matches(rule["source_matchers"], source) and _matches(rule["target_matchers"], target)
        for rule in _config()["inhibit_rules"]
    )
    assert found is quiet


def test_a_fast_burn_keeps_only_its_own_slow_one_quiet() -> None:
    """Another service level that burns slowly is news."""
    (rule,) = [each for each in _config()["inhibit_rules"] if "equal" in each]
    assert rule["equal"] == ["alertname", "sloth_id"]
