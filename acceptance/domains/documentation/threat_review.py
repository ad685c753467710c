"""The security engineer who reads: the threat model, and the pages that show what is proved."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from acceptance.actor import Actor, ActorContext
from acceptance.domains.documentation.feature_tables import asked_for, pages, read_tables, renewed
from acceptance.domains.documentation.threat_model import STRIDE, read_threats
from acceptance.drivers.kubernetes.client import pretty
from acceptance.judgement import Unverifiable, listed, require, require_each
from acceptance.readiness.traceability.features import read_features
from acceptance.readiness.tracker import parse

if TYPE_CHECKING:
    from acceptance.domains.documentation.threat_model import Risk, Threat, ThreatModel

PAGE = "docs/security/threat-model.md"
"""Where the threat model is written, in the repository."""
SHOWN = ("docs/security/roles.md", "docs/security/network.md")
"""The pages that have to show what is proved."""


@dataclass(frozen=True)
class Model:
    """The threat model, and what its proofs can be."""

    written: ThreatModel
    items: frozenset[str]
    """All ids of the tracker."""
    scenarios: frozenset[tuple[str, str]]
    """All scenarios as (id of the item, name)."""


@dataclass(frozen=True)
class Shown:
    """A page and the tables that it has to show."""

    page: str
    scenarios: tuple[str, ...]
    missing: tuple[str, ...]
    """Scenarios without a table, or that are not there."""
    current: bool
    """Whether the page is what would be made from the tables now."""


class ThreatModelReviewer(Actor):
    """Somebody who follows every claim to its proof."""

    def __init__(self, context: ActorContext) -> None:
        """Read the system's sources."""
        super().__init__(context)
        self._root = self.system.sources
        self._tracker = context.settings.tracker

    def follow_threats(self) -> Model:
        """Read the threat model, the tracker and the features. Judges that there is a model."""
        path = self._root / PAGE
        require(path.is_file(), f"There is no {PAGE}.")
        features, _ = read_features(sorted((self._root / "features").rglob("*.feature")))
        items = parse(self._tracker).items
        scenarios = {
            (tag.name, run.name)
            for feature in features
            for rule in feature.rules
            for tag in rule.tags
            for scenario in rule.scenarios
            for run in scenario.runs
        }
        written = read_threats(path.read_text(encoding="utf-8"))
        model = Model(written, frozenset(item.id for item in items), frozenset(scenarios))
        self._keep("Threats and what shows that they are met", pretty(asdict(model.written)))
        return model

    def judge_complete(self, model: Model) -> None:
        """At every boundary somebody thought of every kind of threat, and of no other."""
        written = model.written
        require_each(
            [(boundary, kind) for boundary in written.boundaries for kind in STRIDE],
            lambda pair: (
                None
                if any((each.boundary, each.kind) == pair for each in written.threats)
                else f"Nobody thought of {pair[1]} at the boundary {pair[0]}"
            ),
            nothing=f"{PAGE} names no boundary.",
        )
        known = {(boundary, kind) for boundary in written.boundaries for kind in STRIDE}
        odd = [each.id for each in written.threats if (each.boundary, each.kind) not in known]
        require(not odd, f"{listed(odd)}: the boundary or the kind of threat is not known.")

    def judge_proved(self, model: Model) -> None:
        """Every threat has a mitigation, and something that shows that it holds.

        Proofs by items that nobody has written a scenario for are `Unverifiable`; what is wrong
        counts first.
        """
        risks = {each.id for each in model.written.risks}
        require_each(
            model.written.threats,
            lambda each: _unproved(each, model, risks),
            nothing=f"{PAGE} names no threat.",
        )
        shown = {item for item, _ in model.scenarios}
        owed = {
            item
            for threat in model.written.threats
            for proof in threat.proofs
            if (item := proof.partition(":")[0]) not in {*shown, *risks}
        }
        if owed:
            raise Unverifiable(f"No scenario shows yet what {listed(sorted(owed))} is to show.")

    def judge_accepted(self, model: Model) -> None:
        """Every risk that is accepted has an owner and a day, and none is past it."""
        today = datetime.now(UTC).date()
        require_each(
            model.written.risks,
            lambda risk: _unaccepted(risk, today),
            nothing=f"{PAGE} accepts no risk: nobody looked for what is left.",
        )

    def compare_pages(self) -> tuple[Shown, ...]:
        """Make every page that shows tables anew, and compare it with the one that is there."""
        tables = read_tables(self._root)
        found = []
        for path in pages(self._root):
            text = path.read_text(encoding="utf-8")
            names = asked_for(text)
            missing = tuple(name for name in names if name not in tables)
            current = renewed(text, tables) == text
            page = path.relative_to(self._root).as_posix()
            found.append(Shown(page, names, missing, current))
        self._keep("Pages that show what is proved", pretty([asdict(each) for each in found]))
        return tuple(found)

    def judge_current(self, found: tuple[Shown, ...]) -> None:
        """Every page shows its table as the scenario has it.

        A scenario that is not there is `Unverifiable`: its item has no proof either.
        """
        by_page = {each.page: each for each in found}

        def fault(page: str) -> str | None:
            if page not in by_page:
                return f"{page} shows no table of a scenario"
            if by_page[page].current:
                return None
            return f"{page} is not what is proved. Try: python -m acceptance.domains.documentation.feature_tables"

        require_each(sorted({*SHOWN, *by_page}), fault, nothing="No page is asked for.")
        missing = [name for each in found for name in each.missing]
        if missing:
            raise Unverifiable(f"No scenario has the table that a page shows: {listed(missing)}.")


def _unproved(threat: Threat, model: Model, risks: set[str]) -> str | None:
    if not threat.mitigation or not threat.proofs:
        return f"{threat.id} has no {'proof' if threat.mitigation else 'mitigation'}"
    for proof in threat.proofs:
        item, colon, name = (part.strip() for part in proof.partition(":"))
        if item in risks:
            continue
        if item not in model.items:
            return f"{threat.id} rests on {item}, which the tracker does not have"
        if colon and (item, name) not in model.scenarios:
            return f"{threat.id} rests on {name!r}, which is no scenario of {item}"
    return None


def _unaccepted(risk: Risk, today: date) -> str | None:
    if not risk.owner:
        return f"{risk.id} is accepted by nobody"
    try:
        until = date.fromisoformat(risk.until)
    except ValueError:
        return f"{risk.id} is accepted until {risk.until!r}, which is no day such as 2027-01-31"
    return f"{risk.id} was accepted until {until}" if until < today else None
