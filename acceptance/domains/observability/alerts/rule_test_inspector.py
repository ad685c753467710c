"""Finds out what the unit tests of the critical rules are worth: they have to notice a broken one.

The rules are broken in copies, which only promtool reads. A broken rule is tested with the cases
that are about it, because the other rules are as they were.
"""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from acceptance.build.alert_rules import FOLDER, VARIANTS
from acceptance.build.rule_cases import ALWAYS, CASES
from acceptance.build.rule_tests import RULE_FILES, built_promtool, check_rules
from acceptance.domains.observability.alerts.rule_mutations import WAYS, AlertRule, metrics_of
from acceptance.domains.observability.alerts.rules import CRITICAL, GROUP
from acceptance.domains.observability.monitoring import MonitoringOperator
from acceptance.drivers.kubernetes.client import pretty
from acceptance.errors import AcceptanceError
from acceptance.judgement import Unverifiable, listed, require, require_each
from acceptance.process import workers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from acceptance.build.alert_rules import Variant
    from acceptance.build.rule_cases import RuleCase
    from acceptance.domains.observability.alerts.rule_mutations import BrokenRule

_THREADS = 2
_LEVEL = re.compile(r"sloth-slo-(?:sli-recordings|meta-recordings|alerts)-(.+)")
"""The name of a group of a service level, as sloth gives it."""


@dataclass(frozen=True)
class BrokenRuleTest:
    """What the tests of a rule said of one change of it."""

    way: str
    change: str
    noticed: bool


@dataclass(frozen=True)
class RuleTests:
    """What the tests of a critical rule of one variant say of it: whole, and broken."""

    variant: str
    name: str
    cases: int
    fault: str
    """What the tests find wrong with the rule as it is; empty for nothing."""
    broken: tuple[BrokenRuleTest, ...]


class RuleTestInspector(MonitoringOperator):
    """Breaks each critical rule in a copy, and has promtool test it."""

    def break_critical_rules(self, ways: Sequence[str]) -> tuple[RuleTests, ...]:
        """Test each critical rule of both variants, whole and broken in each of the ways.

        Raises `Unverifiable` where there is no promtool, where a broken rule cannot be tested, and
        where no rule can be broken in one of the ways.
        """
        promtool = built_promtool()
        if promtool is None:
            raise Unverifiable("No promtool was built here, so the rules cannot be tested.")
        with tempfile.TemporaryDirectory(prefix="broken-rules-") as temporary:
            copies = [
                RuleCopy(promtool, variant, path, Path(temporary, f"{variant}-{number}"))
                for variant in VARIANTS
                for number, path in enumerate(self._critical(variant))
            ]
            with workers(_THREADS) as pool:
                found = tuple(pool.map(lambda copy: copy.test(ways), copies))
        self._keep("Broken rules and their tests", pretty([asdict(each) for each in found]))
        tried = {each.way for tests in found for each in tests.broken}
        idle = [way for way in ways if way not in tried]
        if idle and all(tests.broken for tests in found):
            raise Unverifiable(f"No rule was broken so that {idle[0]}.")
        return found

    def assert_whole_rules_pass(self, found: tuple[RuleTests, ...]) -> None:
        """Each critical rule has a case, and as it is all of its cases hold."""

        def fault(tests: RuleTests) -> str | None:
            if not tests.cases:
                return f"{tests.variant}: no case is about {tests.name}"
            return f"{tests.variant}: {tests.name} fails: {tests.fault}" if tests.fault else None

        require_each(found, fault, nothing="No rule is critical.")

    def assert_breakage_noticed(self, found: tuple[RuleTests, ...]) -> None:
        """The tests of each rule notice whatever was broken."""
        require(found, "No rule is critical.")
        faults = [
            f"{tests.variant}: {tests.name} was not broken" for tests in found if not tests.broken
        ]
        faults += [
            f"{tests.variant}: the tests of {tests.name} do not notice that {each.change}"
            for tests in found
            for each in tests.broken
            if not each.noticed
        ]
        require(not faults, listed(faults))

    def _critical(self, variant: Variant) -> Iterator[RulePlace]:
        """Yield where the critical rules of a variant are, in the files that were deployed from."""
        folder = self._context.path_in_sources(FOLDER) / variant
        for name in RULE_FILES:
            for group, declared in enumerate(_load(folder / name)["groups"]):
                for rule, each in enumerate(declared["rules"]):
                    if each.get("labels", {}).get("severity") == CRITICAL:
                        yield RulePlace(folder, name, group, rule)


@dataclass(frozen=True)
class RulePlace:
    """Where a rule is: its folder and file, and the positions of its group and of itself."""

    folder: Path
    file: str
    group: int
    rule: int


class RuleCopy:
    """A copy of a rule of a variant that can be broken, with the other rules that its cases need.

    They are a few of all, so that a case takes a fraction of the time. What the others do is known:
    they are as they were when the unit tests of all rules passed.
    """

    def __init__(self, promtool: Path, variant: Variant, place: RulePlace, folder: Path) -> None:
        """Copy the rules from their place to `folder`."""
        self._promtool, self._variant, self._place = promtool, variant, place
        self._folder = folder
        self._target = folder / variant
        self._target.mkdir(parents=True)
        documents = {name: _load(place.folder / name) for name in RULE_FILES}
        self._document = documents[place.file]
        group = self._document["groups"][place.group]
        self._rule: dict[str, Any] = group["rules"][place.rule]
        route = self._rule["labels"].get(GROUP, "")
        self._name = f"{self._rule['alert']} {route}".strip()
        about = [case for case in CASES if case.alert == self._name]
        # What takes hours before anything happens is tried last.
        self._cases = sorted(about, key=lambda case: bool(case.settle))
        firing = (each for case in about for _, named in case.firing for each in (*named, *ALWAYS))
        alerts = {self._rule["alert"], *(each.split()[0] for each in firing)}
        level = _LEVEL.fullmatch(group["name"])
        _keep_needed(documents, alerts, level[1] if level else "")
        for name, document in documents.items():
            self._write(name, document)

    def test(self, ways: Sequence[str]) -> RuleTests:
        """Test the rule as it is, and if all cases hold, broken in each of these ways."""
        fault = self._fault(self._cases) if self._cases else ""
        broken: list[BrokenRuleTest] = []
        if self._cases and not fault:
            rule = self._rule
            whole = AlertRule(rule["expr"], rule.get("for", ""), rule["labels"]["severity"])
            broken = [
                BrokenRuleTest(way, each.change, self._notices(each, whole))
                for way in ways
                for each in WAYS[way](whole)
            ]
        return RuleTests(self._variant, self._name, len(self._cases), fault, tuple(broken))

    def _notices(self, broken: BrokenRule, whole: AlertRule) -> bool:
        """Return whether a case fails: one after the other is tried, until one does."""
        name = self._rule["alert"]
        if broken.rule == whole:
            raise Unverifiable(f"{self._name} is the same although {broken.change}.")
        self._put(broken.rule)
        try:
            for case in self._cases:
                fault = self._fault([case])
                # Without a comparison, promtool has refused the rules.
                if fault and ("got:" not in fault or f'alertname="{name}"' not in fault):
                    message = f"{self._name} cannot be tested when {broken.change}: {fault}"
                    raise Unverifiable(message)
                if fault:
                    return True
        finally:
            self._put(whole)
        return False

    def _fault(self, cases: Sequence[RuleCase]) -> str:
        try:
            return check_rules(self._promtool, self._variant, self._folder, cases) or ""
        except AcceptanceError as error:
            raise Unverifiable(f"promtool cannot run: {error}") from error

    def _put(self, rule: AlertRule) -> None:
        self._rule["expr"] = rule.expression
        self._rule["labels"]["severity"] = rule.severity
        self._rule["for"] = rule.waits or "0s"
        self._write(self._place.file, self._document)

    def _write(self, name: str, document: Any) -> None:  # noqa: ANN401 (a file of rules)
        # JSON is YAML too, and is written much faster.
        (self._target / name).write_text(json.dumps(document), encoding="utf-8")


def _keep_needed(documents: Mapping[str, Any], alerts: Collection[str], level: str) -> None:
    """Leave only these alerts in the documents, and what is recorded for them.

    Of the service levels it is one `level`: all of them record series of the same names.
    """
    for document in documents.values():
        document["groups"] = [
            group
            for group in document["groups"]
            if (found := _LEVEL.fullmatch(group["name"])) is None or found[1] == level
        ]
    groups = [group for document in documents.values() for group in document["groups"]]
    rules = [rule for group in groups for rule in group["rules"]]
    needed = [rule for rule in rules if rule.get("alert") in alerts]
    for rule in needed:  # which grows
        read = metrics_of(rule["expr"])
        needed += [e for e in rules if e.get("record") in read and e not in needed]
    for group in groups:
        group["rules"] = [rule for rule in group["rules"] if rule in needed]


def _load(path: Path) -> Any:  # noqa: ANN401 (a file of rules)
    return yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
