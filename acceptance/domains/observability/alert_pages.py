"""Checks that every alert has a page that says what somebody on call needs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acceptance.domains.observability.alert_listener import AlertListener
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import listed, require, require_each
from acceptance.runbooks.checks import assert_complete
from acceptance.runbooks.reader import load_runbook

if TYPE_CHECKING:
    from collections.abc import Sequence

_SECTIONS = ("Meaning", "Impact", "Diagnosis", "Cure", "Escalation")
DIAGNOSE, CURE = "diagnose", "cure"
"""The marks of commands that every page has."""
_INDEX = "README.md"


@dataclass(frozen=True)
class AlertPages:
    """The alerts of Prometheus with their pages, and the pages that there are."""

    alerts: tuple[tuple[str, str], ...]
    """The name of each alert, and the path of its page; empty for none."""
    pages: tuple[str, ...]
    """The pages beside them, in the folders of those pages."""


class AlertPageReader(AlertListener):
    """Reads the pages that alerts name, in the sources that the system was deployed from."""

    def read_pages(self) -> AlertPages:
        """Return which page each alert of Prometheus has, and which pages there are."""
        alerts = {
            (rule.name, dict(rule.annotations).get("runbook_url", ""))
            for rule in self.rules().rules().alerts
        }
        folders = sorted({str(Path(page).parent) for _, page in alerts if page})
        pages = tuple(
            f"{folder}/{path.name}"
            for folder in folders
            for path in sorted((self.system.sources / folder).glob("*.md"))
            if path.name != _INDEX
        )
        found = AlertPages(tuple(sorted(alerts)), pages)
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
            return None if f"Alert: `{name}`" in runbook.text else f"{page} is not about {name}"

        require_each(found.alerts, fault, nothing="Prometheus has no alert rule.")

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
