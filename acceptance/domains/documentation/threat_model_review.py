"""Checks the threat model and its proofs, and the pages with tables of scenarios."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from acceptance.actor import Actor, ActorContext
from acceptance.domains.documentation.generated_tables import (
    pages_with_tables,
    read_tables,
    tables_on,
    with_tables,
)
from acceptance.domains.documentation.threat_model import STRIDE, read_roles, read_threats
from acceptance.domains.documentation.threat_rules import (
    duplicate_ids,
    mitigation_faults,
    risk_fault,
    threat_fault,
)
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require, require_each
from acceptance.readiness.outcome import RestsOn
from acceptance.readiness.traceability.features import read_features
from acceptance.readiness.tracker import parse

if TYPE_CHECKING:
    from acceptance.domains.documentation.threat_model import Threat, ThreatModel

PAGE = "docs/security/threat-model.md"
"""The page with the threat model, in the repository."""
TABLE_PAGES = ("docs/security/roles.md", "docs/security/network.md")
"""The pages that must show a scenario's table."""
_FOLDER = "docs/security"
"""Every page in it that shows a table is checked."""


@dataclass(frozen=True)
class ThreatModelFacts:
    """The threat model, and the items and scenarios that its proofs may name."""

    model: ThreatModel
    items: frozenset[str]
    """All ids of the tracker."""
    scenarios: frozenset[tuple[str, str]]
    """All scenarios, each as the id of its item and its name."""
    roles: frozenset[str] = frozenset()
    """The teams of the tracker, and what the pages' tables of roles define."""


@dataclass(frozen=True)
class TableComparison:
    """A page, and whether it shows the tables of its scenarios as they are now."""

    page: str
    scenarios: tuple[str, ...]
    missing: tuple[str, ...]
    """Names of no scenario, or of one without a table."""
    current: bool
    """Whether `acceptance tables` would leave the page as it is."""


class ThreatModelReviewer(Actor):
    """Checks that every threat has a proof, and that pages show the tables that are proved."""

    def __init__(self, context: ActorContext) -> None:
        """Review the pages of the repository that the system was deployed from."""
        super().__init__(context)
        self._root = self.system.sources
        self._tracker = context.settings.tracker

    def look_up_proofs(self) -> ThreatModelFacts:
        """Read the threat model, the tracker and the features. There has to be a threat model."""
        path = self._root / PAGE
        require(path.is_file(), f"There is no threat model. Try: write {PAGE}")
        features, _ = read_features(sorted((self._root / "features").rglob("*.feature")))
        tracker = parse(self._tracker)
        scenarios = {
            (name, run.name)
            for feature in features
            for rule in feature.rules
            for scenario in rule.scenarios
            for name in rule.tag_names(scenario)
            for run in scenario.runs
        }
        model = read_threats(path.read_text(encoding="utf-8"))
        self._keep("Threats and their proofs", pretty(asdict(model)))
        ids = frozenset(item.id for item in tracker.items)
        roles = {task.assignee for task in tracker.tasks if task.assignee}
        for page in sorted((self._root / "docs").rglob("*.md")):
            roles |= read_roles(page.read_text(encoding="utf-8", errors="replace"))
        return ThreatModelFacts(model, ids, frozenset(scenarios), frozenset(roles))

    def assert_every_kind_considered(self, facts: ThreatModelFacts) -> None:
        """Every boundary has a threat of each STRIDE kind, and none has an unknown kind."""
        model = facts.model
        require_each(
            [(boundary, kind) for boundary in model.boundaries for kind in STRIDE],
            lambda pair: (
                None
                if any((each.boundary, each.kind) == pair for each in model.threats)
                else f"No threat of the kind {pair[1]} is listed at the boundary {pair[0]}"
            ),
            nothing=f"{PAGE} lists no trust boundary.",
        )
        known = {(boundary, kind) for boundary in model.boundaries for kind in STRIDE}
        odd = [each.id for each in model.threats if (each.boundary, each.kind) not in known]
        require(not odd, f"The boundary or kind of threat is unknown in {listed(odd)}.")

    def assert_every_threat_proved(self, facts: ThreatModelFacts) -> None:
        """Every threat has a mitigation of its own and a proof, and what the proof names exists."""
        risks = {each.id for each in facts.model.risks}
        twice = duplicate_ids(facts.model.threats, facts.model.risks)
        require(not twice, f"{PAGE} has several threats or risks called {listed(twice)}.")
        require_each(
            facts.model.threats,
            lambda each: threat_fault(each) or _unproved(each, facts, risks),
            nothing=f"{PAGE} lists no threat.",
        )
        faults = mitigation_faults(facts.model.threats)
        require(not faults, listed(faults))

    def rest_on_proofs(self, facts: ThreatModelFacts) -> None:
        """The item is met only if this run proves what every threat rests on (ADR 39)."""
        risks = {each.id for each in facts.model.risks}
        proofs = [
            RestsOn(threat.id, item, name)
            for threat in facts.model.threats
            for item, name in map(_parts, threat.proofs)
            if item not in risks
        ]
        require(proofs, f"No threat of {PAGE} rests on a proof.")
        self._keep("What the threats rest on", pretty([asdict(each) for each in proofs]))
        self._context.rest_on(proofs)

    def assert_accepted_risks_current(self, facts: ThreatModelFacts) -> None:
        """Every accepted risk has an owner who exists and a last day within a year."""
        today = datetime.now(UTC).date()
        require_each(
            facts.model.risks,
            lambda risk: risk_fault(risk, today, facts.roles),
            nothing=f"{PAGE} accepts no risk, but some risk always remains.",
        )

    def compare_tables(self) -> tuple[TableComparison, ...]:
        """Compare every page that shows tables with the scenarios' tables."""
        tables = read_tables(self._root)
        found = []
        for path in pages_with_tables(self._root / _FOLDER):
            text = path.read_text(encoding="utf-8")
            names = tables_on(text)
            missing = tuple(name for name in names if name not in tables)
            current = with_tables(text, tables) == text
            page = path.relative_to(self._root).as_posix()
            found.append(TableComparison(page, names, missing, current))
        self._keep("Pages with scenarios' tables", pretty([asdict(each) for each in found]))
        return tuple(found)

    def assert_tables_current(self, found: tuple[TableComparison, ...]) -> None:
        """Every page shows its table as the scenario has it.

        Raises `Unverifiable` for a scenario that does not exist: its item has no proof either.
        """
        by_page = {each.page: each for each in found}

        def fault(page: str) -> str | None:
            if page not in by_page:
                return f"{page} shows no scenario's table"
            if by_page[page].current:
                return None
            return f"{page} differs from its scenario's table. Try: .venv/bin/acceptance tables"

        require_each(
            sorted({*TABLE_PAGES, *by_page}), fault, nothing="No page has to show a table."
        )
        missing = [name for each in found for name in each.missing]
        if missing:
            raise Unverifiable(
                f"No scenario has a table with the name that a page gives: {listed(missing)}."
            )


def _unproved(threat: Threat, facts: ThreatModelFacts, risks: set[str]) -> str | None:
    for item, name in map(_parts, threat.proofs):
        if item in risks:
            continue
        if item not in facts.items:
            return f"{threat.id} rests on {item}, which the tracker does not have"
        if name and (item, name) not in facts.scenarios:
            return f"{threat.id} rests on {name!r}, which is no scenario of {item}"
    return None


def _parts(proof: str) -> tuple[str, str]:
    """Return the item that a proof names, and its scenario; empty for all of the item's."""
    item, _, name = proof.partition(":")
    return item.strip(), name.strip()
