"""Checks the threat model and its proofs, and the pages with tables of scenarios."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from acceptance.actor import Actor, ActorContext
from acceptance.domains.documentation.generated_tables import (
    pages_with_tables,
    read_tables,
    tables_on,
    with_tables,
)
from acceptance.domains.documentation.threat_model import STRIDE, read_threats
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require, require_each
from acceptance.readiness.traceability.features import read_features
from acceptance.readiness.tracker import parse

if TYPE_CHECKING:
    from acceptance.domains.documentation.threat_model import AcceptedRisk, Threat, ThreatModel

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
        items = parse(self._tracker).items
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
        ids = frozenset(item.id for item in items)
        return ThreatModelFacts(model, ids, frozenset(scenarios))

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
        """Every threat has a mitigation and a proof, and what the proof names exists.

        Raises `Unverifiable` for a proof by an item without a scenario; faults count first.
        """
        risks = {each.id for each in facts.model.risks}
        require_each(
            facts.model.threats,
            lambda each: _unproved(each, facts, risks),
            nothing=f"{PAGE} lists no threat.",
        )
        proved = {item for item, _ in facts.scenarios}
        owed = {
            item
            for threat in facts.model.threats
            for proof in threat.proofs
            if (item := proof.partition(":")[0]) not in {*proved, *risks}
        }
        if owed:
            raise Unverifiable(
                f"No scenario proves {listed(sorted(owed))} yet, which threats rest on."
            )

    def assert_accepted_risks_current(self, facts: ThreatModelFacts) -> None:
        """Every accepted risk has an owner and a last day, which is not over."""
        today = datetime.now(UTC).date()
        require_each(
            facts.model.risks,
            lambda risk: _not_accepted(risk, today),
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
    if not threat.mitigation or not threat.proofs:
        return f"{threat.id} has no {'proof' if threat.mitigation else 'mitigation'}"
    for proof in threat.proofs:
        item, colon, name = (part.strip() for part in proof.partition(":"))
        if item in risks:
            continue
        if item not in facts.items:
            return f"{threat.id} rests on {item}, which the tracker does not have"
        if colon and (item, name) not in facts.scenarios:
            return f"{threat.id} rests on {name!r}, which is no scenario of {item}"
    return None


def _not_accepted(risk: AcceptedRisk, today: date) -> str | None:
    if not risk.owner:
        return f"{risk.id} has no owner"
    try:
        until = date.fromisoformat(risk.until)
    except ValueError:
        return f"{risk.id} is accepted until {risk.until!r}, which is no date such as 2027-01-31"
    return f"{risk.id} was accepted only until {until}" if until < today else None
