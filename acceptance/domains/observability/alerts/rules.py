"""Checks the alert rules by their unit tests, their files, and what is measured."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import yaml

from acceptance.build.alert_rules import FOLDER, VARIANTS
from acceptance.build.rule_tests import built_promtool, check_rules
from acceptance.domains.observability.alerts.listener import AlertListener
from acceptance.domains.observability.drivers.prometheus import seconds_of
from acceptance.domains.observability.drivers.prometheus_rules import Rule
from acceptance.drivers.kubernetes.client import Refused, pretty
from acceptance.errors import AcceptanceError
from acceptance.judgement import Unverifiable, listed, require, unproven
from acceptance.process import workers
from acceptance.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from acceptance.domains.observability.drivers.prometheus_rules import PrometheusRules

CRITICAL = "critical"
GROUP = "route_group"
"""The label that tells the rules of one name apart, where several service levels have one."""
_FILES = ("alerts.yaml", "recording.yaml", "service-levels.yaml")
_RECENT_SECONDS = 600.0
_RECORDED = ":"
"""In the names of series that a rule records, and in no others (Prometheus' naming)."""


@dataclass(frozen=True)
class RuleState:
    """The rules that Prometheus has, beside those of the files of the variant that is deployed."""

    variant: str
    loaded: tuple[Rule, ...]
    declared: tuple[Rule, ...]


@dataclass(frozen=True)
class UnitTests:
    """What the unit tests of the rules have found."""

    faults: Mapping[str, str | None]
    """What promtool finds wrong, by variant; None if nothing."""


class RuleInspector(AlertListener):
    """Reads the rules of Prometheus and of the repository."""

    def read_rules(self) -> RuleState:
        """Return the rules of Prometheus, and those of the variant that is most like them.

        Raises `Unverifiable` if there is no Prometheus.
        """
        client = self.rules()
        loaded = client.rules()
        require(not loaded.refused, f"Prometheus does not return its rules: {loaded.refused}.")
        rules = tuple(replace(e, query=client.formatted(e.query)) for e in loaded.rules)
        states = [
            RuleState(variant, rules, tuple(self._declared(client, variant)))
            for variant in VARIANTS
        ]
        found = min(states, key=lambda state: len(_differences(state)))
        self._keep("Differences between rules and files", "\n".join(_differences(found)), "text")
        return found

    def assert_as_declared(self, state: RuleState) -> None:
        """Prometheus has exactly the rules of the files, and each of them can be evaluated."""
        require(state.loaded, "Prometheus has no rule.")
        faults = _differences(state)
        faults += [f"{e.name} cannot be evaluated" for e in state.loaded if e.health == "err"]
        require(not faults, listed(faults))

    def run_unit_tests(self) -> UnitTests:
        """Run the unit tests of the rules of both variants with promtool.

        Raises `Unverifiable` where there is no promtool.
        """
        promtool = built_promtool()
        if promtool is None:
            raise Unverifiable("No promtool was built here, so the rules cannot be tested.")
        folder = self._context.path_in_sources(FOLDER)
        try:
            with workers(len(VARIANTS)) as pool:
                found = pool.map(lambda variant: check_rules(promtool, variant, folder), VARIANTS)
                tests = UnitTests(dict(zip(VARIANTS, found, strict=True)))
        except AcceptanceError as error:
            raise Unverifiable(f"promtool cannot run: {error}") from error
        for variant, fault in tests.faults.items():
            self._keep(f"Unit tests of the {variant} rules", fault or "all pass", "text")
        return tests

    def assert_unit_tests_pass(self, tests: UnitTests) -> None:
        """The unit tests of each variant pass."""
        require(tests.faults, "No unit test was run.")
        faults = [f"{variant}: {fault}" for variant, fault in tests.faults.items() if fault]
        require(not faults, listed(faults))

    def assert_measured(self, state: RuleState, exempt: Sequence[Sequence[str]]) -> None:
        """Every metric that a rule reads has a series, but for those of the table `exempt`.

        The table has a head; its first column is a metric. One that has a series is a fault too.
        """
        client = self.rules()
        allowed = {row[0] for row in exempt[1:]}
        reading: dict[str, str] = {}
        for rule in state.loaded:
            for metric in client.metrics(rule.query):
                if _RECORDED not in metric:
                    reading.setdefault(metric, rule.name)
        require(reading, "The rules read no metric.")
        missing = {m for m in reading if not client.has_series(m, _RECENT_SECONDS)}
        faults = [
            f"{reading[metric]} cannot fire: there is no series {metric}"
            for metric in sorted(missing - allowed)
        ]
        faults += [f"{metric} is read by no rule" for metric in sorted(allowed - set(reading))]
        faults += [
            f"{metric} has a series, so it is no exception"
            for metric in sorted(allowed & set(reading) - missing)
        ]
        require(not faults, listed(faults))

    def assert_passed_on(self) -> None:
        """Prometheus sends each alert that fires to Alertmanager, and changes or drops none.

        It is a failed check if it does not say.
        """
        try:
            sending = self.rules().sending()
        except Refused as error:
            raise unproven(f"It is unknown where alerts are sent: {error}.", error) from error
        self._keep("Where Prometheus sends alerts", pretty(asdict(sending)))
        require(sending.managers, "Prometheus knows no Alertmanager that it could send alerts to.")
        require(
            not sending.changed,
            f"Prometheus changes alerts before it sends them: {listed(sending.changed)}.",
        )

    def assert_critical(self, state: RuleState, names: Sequence[str]) -> None:
        """Exactly these alerts are critical: each of them is followed to its receiver."""
        critical = set(critical_rules(state.loaded))
        faults = [f"{name} is not critical" for name in sorted(set(names) - critical)]
        faults += [f"{name} is critical, and nothing causes it" for name in critical - set(names)]
        require(not faults, listed(faults))

    def assert_alerts_explained(self, state: RuleState) -> None:
        """Each alert has a severity, a summary, a description, and a page that is about it."""
        alerts = [each for each in state.loaded if each.alerting]
        require(alerts, "Prometheus has no alert rule.")
        faults = []
        for alert in alerts:
            told = dict(alert.annotations)
            lacking = [n for n in ("summary", "description", "runbook_url") if not told.get(n)]
            lacking += [] if alert.label("severity") else ["severity"]
            if lacking:
                faults.append(f"{alert.name} has no {', '.join(lacking)}")
            elif not self._page(told["runbook_url"]).is_file():
                faults.append(f"{alert.name}: there is no page {told['runbook_url']}")
            elif about(alert.name) not in self._page(told["runbook_url"]).read_text("utf-8"):
                faults.append(f"{alert.name}: the page {told['runbook_url']} is not about it")
        require(not faults, listed(faults))

    def _page(self, address: str) -> Path:
        return self._context.path_in_sources(ROOT / address)

    def _declared(self, client: PrometheusRules, variant: str) -> list[Rule]:
        folder = self._context.path_in_sources(FOLDER) / variant
        found: list[Rule] = []
        for name in _FILES:
            document: Any = yaml.safe_load((folder / name).read_text(encoding="utf-8"))
            for group in document["groups"]:
                found += [_rule(client, each) for each in group["rules"]]
        return found


def about(alert: str) -> str:
    """Return how the page of an alert says which one it is about."""
    return f"Alert: `{alert}`"


def critical_rules(rules: Sequence[Rule]) -> dict[str, Rule]:
    """Return the critical rules by name; where a name has several, with their group."""
    return {
        f"{rule.name} {rule.label(GROUP)}".strip(): rule
        for rule in rules
        if rule.label("severity") == CRITICAL
    }


def _rule(client: PrometheusRules, declared: dict[str, Any]) -> Rule:
    try:
        query = client.formatted(declared["expr"])
    except Refused as error:
        raise AssertionError(f"A rule of the files cannot be read: {error}.") from error
    return Rule(
        name=declared.get("alert") or declared["record"],
        alerting="alert" in declared,
        query=query,
        duration=seconds_of(declared.get("for", "")),
        interval=0.0,
        labels=_pairs(declared, "labels"),
        annotations=_pairs(declared, "annotations"),
        health="",
    )


def _pairs(declared: dict[str, Any], name: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((key, str(value)) for key, value in (declared.get(name) or {}).items()))


def _differences(state: RuleState) -> list[str]:
    """Say which rules are in one place only, or differ."""

    def facts(rule: Rule) -> tuple[object, ...]:
        return rule.name, rule.query, rule.duration, rule.labels, rule.annotations

    loaded = {facts(each): each.name for each in state.loaded}
    declared = {facts(each): each.name for each in state.declared}
    faults = [f"Prometheus lacks {declared[key]}" for key in declared.keys() - loaded.keys()]
    faults += [f"no file has {loaded[key]}" for key in loaded.keys() - declared.keys()]
    return sorted(faults)
