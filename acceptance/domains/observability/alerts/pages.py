"""Checks that every alert has a page that says what somebody on call needs."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from acceptance.build.alert_rules import FOLDER, numbers
from acceptance.domains.observability.alerts.listener import AlertListener
from acceptance.domains.observability.alerts.on_call import PAGE
from acceptance.domains.observability.alerts.rules import about
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import listed, require, require_each
from acceptance.readiness.placeholders import placeholder_reason
from acceptance.runbooks.checks import assert_complete
from acceptance.runbooks.reader import duration_in, durations_in, load_runbook

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import timedelta

    from acceptance.runbooks.reader import Runbook

_SECTIONS = ("Meaning", "Impact", "Diagnosis", "Cure", "Escalation")
DIAGNOSE, CURE = "diagnose", "cure"
"""The marks of commands that every page has."""
_UNCURED = "without a cure"
_INDEX = "README.md"
_NUMBER = re.compile(r"@(\w+)@")
_HOUR_SECONDS, _DAY_SECONDS = 3600.0, 86400.0
_UNSEEN = re.compile(r"<!--(?! (?:documents|checked): )")
"""What cannot be seen by whoever reads the page."""


@dataclass(frozen=True)
class AlertPages:
    """The alerts of Prometheus with their pages, and the pages that there are."""

    alerts: tuple[tuple[str, str], ...]
    """The name of each alert, and the path of its page; empty for none."""
    severities: tuple[tuple[str, str], ...]
    """The name of each alert and its severity; of two, the one that is answered first."""
    pages: tuple[str, ...]
    """The pages beside them, in the folders of those pages."""


class AlertPageReader(AlertListener):
    """Reads the pages that alerts name, in the sources that the system was deployed from."""

    def read_pages(self) -> AlertPages:
        """Return which page each alert of Prometheus has, and which pages there are."""
        rules = self.rules().rules().alerts
        alerts = {(rule.name, dict(rule.annotations).get("runbook_url", "")) for rule in rules}
        # "critical" comes first in the alphabet.
        severities = dict(sorted({(r.name, r.label("severity")) for r in rules}, reverse=True))
        folders = sorted({str(Path(page).parent) for _, page in alerts if page})
        pages = tuple(
            f"{folder}/{path.name}"
            for folder in folders
            for path in sorted((self.system.sources / folder).glob("*.md"))
            if path.name != _INDEX
        )
        found = AlertPages(tuple(sorted(alerts)), tuple(severities.items()), pages)
        self._keep("Pages of alerts", pretty(asdict(found)))
        return found

    def assert_pages_complete(self, found: AlertPages) -> None:
        """Each alert has a page of its own with all sections, and commands to diagnose and cure."""

        def fault(alert: tuple[str, str]) -> str | None:
            name, page = alert
            if not page:
                return f"{name} has no page"
            try:
                runbook = load_runbook(self.system.sources, page)
                assert_complete(runbook, _SECTIONS, (DIAGNOSE, CURE))
            except AssertionError as error:
                return f"{name}: {str(error).rstrip('.')}"
            if about(name) not in runbook.text:
                return f"{page} is not about {name}"
            if reason := placeholder_reason(runbook.text):
                return f"{page} is only filled in: {reason}"
            hidden = _UNSEEN.search(runbook.text)
            return f"{page} has a part that nobody reads: {hidden[0]}" if hidden else None

        require_each(found.alerts, fault, nothing="Prometheus has no alert rule.")

    def assert_escalation_in_time(self, found: AlertPages) -> None:
        """Each page has its alert's severity, and says how soon it is answered, as on call does."""
        on_call = load_runbook(self.system.sources, PAGE)
        within = {row[0]: duration_in(" ".join(row[1:])) for row in on_call.table("Severities")}
        pages = dict(found.alerts)
        steps = [" ".join(row) for row in on_call.table("Escalation")]
        known = {*within.values(), *(each for step in steps for each in durations_in(step))}
        uncured = next((duration_in(step) for step in steps if _UNCURED in step), None)

        def fault(alert: tuple[str, str]) -> str | None:
            name, severity = alert
            page = load_runbook(self.system.sources, pages[name])
            wanted, told = within.get(severity), duration_in(page.section("Escalation"))
            if f"Severity: {severity}" not in page.text:
                return f"{page.page} does not say that {name} is {severity}"
            if wanted is None:
                return f"{PAGE} does not say how soon {severity} is answered"
            if told != wanted:
                return f"{page.page} has somebody answer in {told}, and {PAGE} in {wanted}"
            return _fault_of_times(page, known, uncured)

        require_each(found.severities, fault, nothing="Prometheus has no alert rule.")

    def assert_numbers_told(self, found: AlertPages) -> None:
        """Each page says the thresholds of its alert, as they are in production."""
        folder = self._context.path_in_sources(FOLDER)
        values, pages = numbers("production", folder), dict(found.alerts)
        source = yaml.safe_load((folder / "source" / "alerts.yaml").read_text(encoding="utf-8"))
        thresholds = sorted(
            {
                (rule["alert"], name)
                for group in source["groups"]
                for rule in group["rules"]
                for name in _NUMBER.findall(rule.get("expr", ""))
                if not name.endswith("window")
            }
        )

        def fault(threshold: tuple[str, str]) -> str | None:
            name, number = threshold
            page = load_runbook(self.system.sources, pages.get(name, ""))
            meaning = page.section("Meaning")
            forms = written(float(values[number]))
            told = any(re.search(rf"(?<![\d.]){re.escape(form)}\b", meaning) for form in forms)
            return None if told else f"{page.page} does not say {' or '.join(forms)}"

        require_each(thresholds, fault, nothing="No alert has a threshold.")

    def assert_no_other_page(self, found: AlertPages) -> None:
        """No page is about an alert that there is not."""
        known = {page for _, page in found.alerts}
        stale = [f"{page} is of no alert" for page in found.pages if page not in known]
        require(not stale, listed(stale))

    def assert_all_named(self, found: AlertPages, table: Sequence[Sequence[str]]) -> None:
        """The first column of a table, which has a head, has exactly the alerts of Prometheus."""
        names, told = {name for name, _ in found.alerts}, {row[0] for row in table[1:]}
        faults = [f"nobody follows the page of {name}" for name in sorted(names - told)]
        faults += [f"Prometheus has no alert {name}" for name in sorted(told - names)]
        require(not faults, listed(faults))


def _fault_of_times(
    page: Runbook, known: Collection[timedelta | None], uncured: timedelta | None
) -> str | None:
    """Say which time a page has for calling somebody else that the on-call page does not have."""
    text = " ".join(page.section("Escalation").split())
    wild = [each for each in durations_in(text) if each not in known]
    if wild:
        return f"{page.page} has somebody called after {wild[0]}, which {PAGE} does not say"
    before = text.partition(_UNCURED)[0] if _UNCURED in text else ""
    told = durations_in(before)[-1:]
    if told and told != [uncured]:
        return f"{page.page} waits {told[0]} for a cure, and {PAGE} waits {uncured}"
    return None


def written(number: float) -> tuple[str, ...]:
    """Return how a page may write a threshold: a share, seconds, or how many."""
    if number < 1:
        return (f"{number * 100:g}",)
    if number < _HOUR_SECONDS:
        return (f"{number:g}",)
    hours, days = number / _HOUR_SECONDS, number / _DAY_SECONDS
    return (f"{hours:g} hours", f"{days:g} days")
